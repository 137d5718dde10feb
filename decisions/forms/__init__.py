"""What do people fill in, and how is it read and refused?"""
