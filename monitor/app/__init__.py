"""Builds the daemon and runs it. The only package that knows the concrete classes of all others.

Commands import what they need from its modules, so that a single probe does not load a daemon.
"""
