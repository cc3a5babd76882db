"""Pantau: keeps watch over the digital services of a city."""
