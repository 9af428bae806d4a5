"""Watch folders for scans, read them, prove what they say, and record it."""

__version__ = "0.2.0"
