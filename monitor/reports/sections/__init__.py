"""The sections of a report, one module each: from what is so to what is read."""
