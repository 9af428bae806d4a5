"""Corrections by people: typed values completed, proved again, and laid over the values read."""
