"""Structured documents: invoices that are data already, as XML, OFD, or XML within a PDF.

Parsers run in the confined worker. They yield an :class:`~ingestd.structured.invoice.Invoice`, which travels as the
text of a :class:`~ingestd.document.Code` of the reading: extraction takes its fields from there, today and later.
"""
