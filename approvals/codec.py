"""Approvals and events to stored bytes and back."""
