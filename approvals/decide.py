"""Facts and the time in, a decision out: the one file that can say Approved."""
