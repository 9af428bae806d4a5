"""How ingestd's own CRNN recogniser is made: text, fonts, rendering, degradation, training, evaluation, export.

Needs the ``train`` extra. Every step is a subcommand of ``python -m lab.train``; see README.md.
"""
