"""Runs probes on time, decides what they mean, and has it recorded."""
