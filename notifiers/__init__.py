"""Telling people about approvals and hearing their answers."""
