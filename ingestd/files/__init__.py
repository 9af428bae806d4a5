"""Durable effects, completeness, identity and encoding of files and their names."""
