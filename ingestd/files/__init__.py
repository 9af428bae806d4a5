"""Files of the user: durable effects, names, media types, completeness, identity, encoding."""
