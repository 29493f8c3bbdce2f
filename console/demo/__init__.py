"""A fictional team's store, to try everything on: the same every time for one seed."""
