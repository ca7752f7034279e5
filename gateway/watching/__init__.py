"""The live table of `countersign watch`."""
