"""Inbound mail in, tickets with documents out."""

from importlib.metadata import version

__version__ = version("maildock")
