"""The parts of the local Microsoft Graph server.

A comment that starts with "Graph:" names the fact it stands for; facts are in the project's notes about providers.
"""
