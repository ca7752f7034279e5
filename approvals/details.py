"""The details of a request, read for people and for rules."""
