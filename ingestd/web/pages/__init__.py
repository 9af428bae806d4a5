"""Pages for people: one module per screen."""
