"""Gets messages to people: in order, again and again until they arrive, never silently not."""
