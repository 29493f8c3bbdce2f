"""Where messages come from and go to."""

__centric__ = True
"""Tells this package from another program's of the same name; see docs/decisions/0001."""
