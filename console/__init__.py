"""What the agent sees and types."""
