"""A model of one record and everybody who writes it, searched exhaustively."""
