"""Reports to look at with human eyes, as paper and as pages: `python -m tests.looks DIR`."""
