"""The way to Redis, and whether it may hold approvals."""
