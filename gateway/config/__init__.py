"""countersign.toml -> frozen settings."""
