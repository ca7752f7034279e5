"""What a check found: its verdict and its reason."""
