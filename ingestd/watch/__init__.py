"""What arrives in the inboxes, and when it is whole."""
