"""Training of ingestd's own CRNN recogniser: text, fonts, rendering, degradation, training, evaluation, export.

Needs the ``train`` extra. Every step is a subcommand of ``python -m lab.train``; see README.md. The weights of
understood fields are fitted by ``lab.train.understanding``, which needs no extra.
"""
