"""Pictures of everything that an approver is shown."""
