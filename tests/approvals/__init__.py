"""Promises of the room `approvals`."""
