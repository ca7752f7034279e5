"""What nodes do after a decision: kept beside it, and never part of one."""
