"""What must a price get past before anybody may rely on it?

Each guard is one small function with a fault in mind that really happened. Guards of one price lie
in `single`, those that need the whole answer in `whole`. They are pure: what was known before is
handed in.
"""
