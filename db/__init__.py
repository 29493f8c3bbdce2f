"""What the team remembers, and its rules."""
