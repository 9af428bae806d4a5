"""Understanding of money documents: mentions first, then roles, then one explanation of the whole page."""
