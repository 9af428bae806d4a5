"""Rule files: model, loading, compilation."""
