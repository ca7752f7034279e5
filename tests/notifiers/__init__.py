"""Promises of the room `notifiers`."""
