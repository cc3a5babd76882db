"""How the schema came about, one revision a file. Run by `monitor.store.migrate`."""
