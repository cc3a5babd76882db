"""Pure judges: what a target said, against what is expected of it."""
