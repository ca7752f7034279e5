"""What people read, wherever they read it: pure."""
