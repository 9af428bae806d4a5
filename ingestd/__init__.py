"""Watch folders for scans, read them, prove what they say, and record it."""

__version__ = "0.1.0"
