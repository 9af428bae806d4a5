"""Invoices that a file states as data: fields from them, checked against the page as a witness."""
