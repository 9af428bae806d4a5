"""What people say of documents: typed values made whole, proved anew, and laid over what was read."""
