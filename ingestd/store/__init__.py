"""The SQLite database: schema, jobs, documents, queries."""
