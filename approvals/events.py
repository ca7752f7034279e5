"""What happened to an approval, as data."""
