"""Where should a team's inference run, and does that answer still hold?"""
