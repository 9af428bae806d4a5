"""Development only: corpus, benchmarks and training. Never imported by ingestd."""
