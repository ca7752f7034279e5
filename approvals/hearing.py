"""One attempt of a node that is there to hear an answer."""

from approvals.bell import Waiter


class NoAnswer(Exception):  # noqa: N818 - being unable to answer is an outcome
    """Nothing may be said on this attempt. `reason` is a short machine word."""

    def __init__(self, reason: str) -> None:
        """Only the word travels to logs and metrics."""
        super().__init__(reason)
        self.reason = reason


class Hearing:
    """An attempt, until its node hangs up or we may not answer it any more.

    `token` is the short digest of its JWT; `began` and `until` are Unix milliseconds: when it
    came, and the ceiling past which no connection is held. `tried`: it has come to the store once.
    """

    __slots__ = ("began", "gone", "token", "tried", "until", "waiter")

    def __init__(self, token: str, began: int) -> None:
        """It is held as long as its waiter waits."""
        self.token = token
        self.began = began
        self.until = began
        self.gone = False
        self.tried = False
        self.waiter = Waiter("")

    def hang_up(self) -> None:
        """Stop waiting: nobody hears an answer any more."""
        self.gone = True
        self.waiter.wake()

    def check(self, now: int) -> None:
        """NoAnswer once there is nobody to answer."""
        if self.gone:
            raise NoAnswer("hung_up")
        if now >= self.until:
            raise NoAnswer("ceiling")
