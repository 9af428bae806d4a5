"""The API under /v1: documents, jobs, corrections, and the description of all of it."""
