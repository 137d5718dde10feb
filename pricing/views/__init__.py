"""The pages of the price book, one file for each noun."""
