"""What does it cost, who says so, and since when? Prices are observations: appended, never edited."""
