"""A log that only grows, and what proves it: hashing and signing. The store keeps the entries."""
