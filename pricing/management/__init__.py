"""Commands of the price book."""
