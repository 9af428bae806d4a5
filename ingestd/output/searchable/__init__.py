"""Searchable copies: PDFs whose pages look as in the original and carry the recognised text invisibly.

Runs in the confined worker only: pikepdf (qpdf) parses the original. Needs the extra ``searchable``.
"""
