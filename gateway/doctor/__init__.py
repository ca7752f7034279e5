"""`countersign doctor`: what a gateway rests on, looked over without a gateway."""
