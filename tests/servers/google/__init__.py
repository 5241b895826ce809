"""The parts of the local Gmail server.

A comment that starts with "Gmail:", and what is quoted beside one, is a fact that the code stands for; facts are in the
project's notes about providers.
"""
