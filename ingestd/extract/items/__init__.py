"""Line items: out of a table whose headers a rule names, or wherever arithmetic finds a list of them."""
