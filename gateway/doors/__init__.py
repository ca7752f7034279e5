"""What comes in by HTTP from nodes and from Slack."""
