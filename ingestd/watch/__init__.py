"""Inboxes: arrivals, kernel events, and the settling of files."""
