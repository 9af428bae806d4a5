"""The path from bytes to text: admit, decode, enhance, detect, orient, recognise, barcodes."""
