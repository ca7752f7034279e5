"""PEM and SSH keys, the JWT envelope, and seals."""
