"""Bitcoin, and chains whose transactions have its shape and its digests, from their bytes."""
