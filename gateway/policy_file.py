"""The policy on disk: one way to read it, whoever asks."""

from pathlib import Path

from approvals.chains.contracts import MAX_ABI_BYTES
from approvals.policy.load import load
from approvals.policy.model import Policy


class PolicyUnreadable(OSError):  # noqa: N818 - named like AuditUnreadable
    """There is no text to read a policy from. The message is a plain sentence without its dot."""


def load_policy(path: Path) -> Policy:
    """Compile the policy file, with the files beside it that it names.

    Raises:
        PolicyUnreadable: it cannot be read, or is no UTF-8 text.
        PolicyError: every mistake in it.
    """
    try:
        text = path.read_bytes().decode()
    except OSError as error:
        raise PolicyUnreadable(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise PolicyUnreadable(f"{path} is not UTF-8 text: save it as UTF-8") from None

    def beside(name: str) -> bytes:
        with (path.parent / name).open("rb") as file:
            return file.read(MAX_ABI_BYTES + 1)

    return load(text, source=str(path), read=beside)
