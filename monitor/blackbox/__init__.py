"""The interface of blackbox_exporter: its modules, its probers, and what they tell."""
