"""What every test has in common: the long runs are made when they are asked for."""

from __future__ import annotations

import gc
import os

import pytest

# Python 3.11's parser takes a collection of garbage in the middle of a file for an error of its own
# (CPython issue 106905), and pytest parses every test file.
gc.disable()


def pytest_collection_finish() -> None:
    """Collect garbage again once every test file is read."""
    gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what is marked as a soak test, unless ``CENTRIC_SOAK`` is set (``make soak``)."""
    if os.environ.get("CENTRIC_SOAK", "") not in ("", "0"):
        return
    skip = pytest.mark.skip(reason="a long run: make soak")
    for item in items:
        if item.get_closest_marker("soak"):
            item.add_marker(skip)
