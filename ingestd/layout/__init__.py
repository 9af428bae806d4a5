"""Geometry of text on a page: quads, rows, reading order and tables."""
