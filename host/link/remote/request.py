"""One request of a host, from the moment it is sent until its reply is read."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import monotonic_ns

from chipsim.wire import Message
from host.link.remote.answers import Kinds

_SETTLE_S = 0.05  # in which further complaints about a request that was just sent again are old news


@dataclass
class PendingRequest:
    """A command on its way, or its answer."""

    sequence: int
    kind: str
    frame: bytes
    answer: Kinds
    windows: int = 0  # that it shows
    sent_ns: int = 0
    sends: int = 0
    tries: int = 0  # while all before it were answered
    replies: list[Message | None] = field(default_factory=list)  # by part
    reply_bytes: int = 0
    done_ns: int = 0  # when the last part had come
    error: Exception | None = None

    @property
    def done(self) -> bool:
        return self.error is not None or (bool(self.replies) and None not in self.replies)

    @property
    def may_go_again(self) -> bool:
        """Whether a complaint about it is news: it is not, soon after it was sent again."""
        return self.sends < 2 or monotonic_ns() - self.sent_ns > 1e9 * _SETTLE_S
