"""The commands of ``ingestd``, by what they are about."""
