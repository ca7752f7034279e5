"""A complete TSS Node for people without one: what it asks, how it behaves, what came of it."""
