"""Speed and accuracy measured against the documents of the shared corpora; nothing here is installed."""
