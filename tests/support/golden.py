"""Texts that people read, kept as files: what a change does to them is seen in its diff."""

import os
from pathlib import Path


def same_as_golden(path: Path, text: str) -> bool:
    """Whether the file says exactly this; with GOLDEN=write it is made to say it."""
    if os.environ.get("GOLDEN") == "write":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return path.exists() and path.read_text("utf-8") == text
