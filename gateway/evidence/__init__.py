"""The audit, read, verified and handed on, with the gateway stopped."""
