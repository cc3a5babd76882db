"""Reports on availability: what they say, and the forms in which they say it."""
