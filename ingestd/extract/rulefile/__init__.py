"""Rule files: model, loading, compilation, labels."""
