"""A policy, checked, explained, and tried on what the audit kept."""
