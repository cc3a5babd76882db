"""What is expected of targets, and whether it holds: pure judges, and attempts that types share."""
