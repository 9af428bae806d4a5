"""Tables of a page: rows, columns and cells, from the places of its text and from its ruled lines."""
