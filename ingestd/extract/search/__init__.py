"""Search for labels, candidates and line items on a document."""
