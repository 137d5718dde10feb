"""Whole jobs of the three people, in a real browser."""
