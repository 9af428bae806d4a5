"""Composition root: builds objects out of a Config; no other package does."""
