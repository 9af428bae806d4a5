"""Levels of fields: evidence, equations, repair, verdict."""
