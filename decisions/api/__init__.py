"""What can be scripted over HTTP?"""
