"""What the pages of the price book need in templates."""
