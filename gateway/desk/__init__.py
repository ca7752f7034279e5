"""What operators of this machine are answered: the API behind the commands."""
