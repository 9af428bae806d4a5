"""Files of the user: durable effects, names, completeness, identity, encoding."""
