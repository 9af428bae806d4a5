"""Outputs made from a record: sidecar, export, annotated picture."""
