"""``python -m bench [NAME…]``: run all benches, or those named.

Every figure stands beside a floor or a peer of the same run; nothing here fails by a clock.
"""

from __future__ import annotations

import importlib
import sys

BENCHES = ("desk", "ingest", "mail", "pull", "store", "lookup", "identity")


def main(names: list[str]) -> None:
    """Run benches by name."""
    for name in names or BENCHES:
        print(f"\n## {name}", flush=True)
        importlib.import_module(f"bench.{name}").run()


main(sys.argv[1:])
