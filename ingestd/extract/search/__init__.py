"""Search for labels and candidates on a document."""
