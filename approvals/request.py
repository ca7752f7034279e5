"""What the node asks to have approved, as a trusted type."""
