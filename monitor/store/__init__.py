"""Keeps everything: one writer, and what it acknowledged survives a power cut."""
