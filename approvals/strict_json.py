"""JSON without duplicate keys, NaN or unbounded depth."""
