"""Bindings of the drawn widgets: an id that agents can rebind, keys, an action, a sentence."""

from __future__ import annotations

from textual.binding import Binding


def bind(binding_id: str, keys: str, action: str, tooltip: str) -> Binding:
    """Return a binding that the key table and the help know by its id, not shown in the footer."""
    return Binding(keys, action, tooltip, show=False, id=binding_id, tooltip=tooltip)
