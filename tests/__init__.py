"""The promises of Countersign, room by room."""
