"""What an operator needs before the first request: files, keys, a word to every place."""
