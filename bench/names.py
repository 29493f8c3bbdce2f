"""Invented people for measurement: those of a large demo store."""

from __future__ import annotations

from console.demo.crowd import _ENDS, _GIVEN, _STEMS, People, Person

__all__ = ["_ENDS", "_GIVEN", "_STEMS", "People", "Person"]
