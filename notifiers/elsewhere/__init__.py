"""Other places where people are told, and cannot answer."""
