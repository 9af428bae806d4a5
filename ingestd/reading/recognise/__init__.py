"""Read the text of detected lines: cutting and batching, decoding, reading order."""
