"""The record stage: what was read and extracted goes into SQLite and into a sidecar."""
