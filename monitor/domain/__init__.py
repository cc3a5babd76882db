"""The rules. Pure values and functions: no clock, no I/O, no logging, no framework."""
