"""Reading one TOML table strictly: exact types, no unknown keys, every mistake noted."""

import math
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

from keys.secret import Secret

W = TypeVar("W", bound=str)

_ADVICE: Final = 'write { env = "NAME" } or { file = "PATH" }'


class Reader:
    """Takes values out of a table; what is wrong is noted in `mistakes` and reading goes on.

    Every method returns a value of the right type, also after a mistake: the caller throws all
    of it away when there are mistakes at the end.
    """

    def __init__(
        self, table: object, where: str, folder: Path, mistakes: list[str], *, secrets: bool
    ) -> None:
        self._where = where
        self._folder = folder
        self._mistakes = mistakes
        self._secrets = secrets
        self._left: dict[str, Any] = {}
        if isinstance(table, dict):
            self._left = dict(table)
        else:
            mistakes.append(f"{where} must be a table of settings")

    def mistake(self, key: str, sentence: str) -> None:
        """Note what is wrong with a key."""
        place = f"{self._where} {key}" if self._where else key
        self._mistakes.append(f"{place}: {sentence}")

    def has(self, key: str) -> bool:
        """Whether the key is there and was not taken yet."""
        return key in self._left

    def take(self, key: str) -> Any:
        """The raw value, or None where the key is absent."""
        return self._left.pop(key, None)

    def text(self, key: str, form: str, example: str, *, default: str | None = None) -> str:
        """A string that matches the pattern `form`."""
        value = self.take(key)
        if value is None and default is not None:
            return default
        if value is None:
            self.mistake(key, f'is missing: write for instance {key} = "{example}"')
        elif type(value) is not str or not re.fullmatch(form, value, re.ASCII):
            self.mistake(key, f'expected text such as "{example}", found {_shown(value)}')
        else:
            return value
        return example

    def path(self, key: str, example: str, *, default: str | None = None) -> Path:
        """A path; a relative one is relative to the folder of the file it stands in."""
        return self._path_of(key, self.take(key), example, default)

    def paths(self, key: str, example: str) -> tuple[Path, ...]:
        """One path, or a non-empty array of distinct paths."""
        value = self.take(key)
        if type(value) is not list:
            return (self._path_of(key, value, example, None),)
        if not value:
            self.mistake(key, f'the array is empty: write for instance {key} = "{example}"')
        found = tuple(self._path_of(key, item, example, None) for item in value)
        if len(set(found)) != len(found):
            self.mistake(key, "names the same file twice")
        return found

    def whole(self, key: str, least: int, most: int, *, default: int | None = None) -> int:
        """A whole number from `least` to `most`; `true` and `2.0` are none."""
        value = self.take(key)
        if value is None and default is not None:
            return default
        if value is None:
            self.mistake(key, f"is missing: write a whole number from {least} to {most}")
        elif type(value) is not int or not least <= value <= most:
            self.mistake(
                key, f"expected a whole number from {least} to {most}, found {_shown(value)}"
            )
        else:
            return value
        return least

    def seconds(self, key: str, most: int) -> int:
        """A number of seconds, fractions allowed, as milliseconds above 0."""
        value = self.take(key)
        if value is None:
            self.mistake(key, "is missing: write the number of seconds that the TSS Node has")
        elif type(value) not in {int, float} or not math.isfinite(value):
            self.mistake(key, f"expected a number of seconds, found {_shown(value)}")
        elif not 0.001 <= value <= most:  # noqa: PLR2004 - times are whole milliseconds
            self.mistake(key, f"expected seconds from 0.001 to {most}, found {_shown(value)}")
        else:
            milliseconds: int = round(value * 1000)
            return milliseconds
        return 1000

    def flag(self, key: str, *, default: bool) -> bool:
        """`true` or `false`."""
        value = self.take(key)
        if value is None:
            return default
        if type(value) is not bool:
            self.mistake(key, f"expected true or false, found {_shown(value)}")
            return default
        return value

    def choice(self, key: str, words: tuple[W, ...], *, default: W | None = None) -> W:
        """One of a few words."""
        value = self.take(key)
        if value is None and default is not None:
            return default
        for word in words:
            if value == word:
                return word
        listed = ", ".join(f'"{word}"' for word in words)
        found = "it is missing" if value is None else f"found {_shown(value)}"
        self.mistake(key, f"expected one of {listed}; {found}")
        return words[0]

    def secret(self, key: str, *, required: bool) -> Secret | None:
        """A secret by reference: from the environment or from a file, never literal."""
        return self.secret_of(key, self.take(key), required=required)

    def secret_of(self, key: str, value: object, *, required: bool) -> Secret | None:
        """The same for a value that was taken before."""
        if value is None:
            if required:
                self.mistake(key, f"is missing: {_ADVICE}")
            return None
        if not isinstance(value, dict):
            self.mistake(key, f"a secret is not written into this file: {_ADVICE}")
            return None
        return self._referred(key, value)

    def close(self) -> None:
        """Note every key that nobody asked for."""
        for key in self._left:
            self.mistake(key, "is no setting that we know: correct its name or remove it")

    def _path_of(self, key: str, value: object, example: str, default: str | None) -> Path:
        if value is None:
            if default is None:
                self.mistake(key, f'is missing: write for instance {key} = "{example}"')
            return self._folder / (default or example)
        if type(value) is not str or not value or "\0" in value:
            self.mistake(key, f'expected a path such as "{example}", found {_shown(value)}')
            return self._folder / example
        return self._folder / Path(value).expanduser()

    def _referred(self, key: str, value: Mapping[str, object]) -> Secret | None:
        source = next(iter(value), "")
        name = value.get(source)
        if len(value) != 1 or source not in {"env", "file"} or type(name) is not str or not name:
            self.mistake(key, f"is no reference to a secret: {_ADVICE}")
            return None
        if not self._secrets:
            return Secret(None)
        text = self._from_env(key, name) if source == "env" else self._from_file(key, name)
        return Secret(text)

    def _from_env(self, key: str, name: str) -> str | None:
        text = os.environ.get(name, "").strip()
        if not text:
            self.mistake(key, f"the environment variable {name} is not set: set it, then start")
            return None
        return text

    def _from_file(self, key: str, name: str) -> str | None:
        path = self._folder / Path(name).expanduser()
        try:
            text = path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            self.mistake(key, f"{path} cannot be read ({type(error).__name__}): put the secret in")
            return None
        if not text:
            self.mistake(key, f"{path} is empty: put the secret into it")
            return None
        return text


def _shown(value: object) -> str:
    """A value as it may be quoted in a sentence: short, on one line."""
    text = "true" if value is True else "false" if value is False else ascii(value)
    limit = 60
    return text if len(text) <= limit else f"{text[:limit]}…"
