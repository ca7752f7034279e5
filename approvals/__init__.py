"""The heart: what is asked, what was found, who agreed, and what follows from it."""
