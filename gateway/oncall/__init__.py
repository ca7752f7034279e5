"""A person at a terminal: what waits, votes, freezes."""
