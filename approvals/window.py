"""Spending windows: what was approved within a stretch of time."""
