"""The one error door of this room."""


class KeyFileError(Exception):
    """A key file that cannot be used. The message is one plain sentence saying what to do."""
