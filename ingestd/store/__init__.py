"""The SQLite database: schema, jobs, documents, corrections, queries."""
