"""Slack: the message, its forms, and the clicks."""
