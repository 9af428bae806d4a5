"""Administration of what was recorded: preflight, verify, history, re-extraction, backup."""
