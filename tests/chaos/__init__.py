"""A fault suite: real gateways, a real Redis, a local Slack, and everything that can go wrong."""
