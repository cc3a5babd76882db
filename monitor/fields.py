"""The types that fields of checks.yaml and config/ share."""
