"""A request while it comes in from the network: whether all of it is there, what to say meanwhile, when to give up.

Nothing is judged here but where the request ends (RFC 9112, 6 and 7.1); whatever is malformed counts as whole, since
whoever reads it will refuse it without waiting for more.
"""

import re
from dataclasses import dataclass, field

RECEIVE_SECONDS = 30
"""So long may a request take to arrive, however fast its bytes follow one another."""
LARGEST_HEAD_BYTES = 64 * 1024
LARGEST_BYTES = 6 * 1024 * 1024  # beyond the largest file of payments: enough to be refused by its announced length
_END_OF_HEAD = b"\r\n\r\n"
_HEADER = re.compile(rb"^(content-length|transfer-encoding|expect):[ \t]*([^\r\n]*?)[ \t]*\r$", re.MULTILINE | re.I)
_SIZE = re.compile(rb"[0-9a-fA-F]{1,8}")


@dataclass
class Arrival:
    """The bytes of one request so far; *began_at_seconds* is of a clock that only goes forward."""

    began_at_seconds: float
    data: bytearray = field(default_factory=bytearray)
    _body_at: int | None = None
    _length: int | None = None
    _next_chunk_at: int | None = None
    _is_malformed: bool = False
    waits_to_be_asked: bool = False

    def take(self, more: bytes) -> None:
        """Add what has come."""
        searched_to = max(0, len(self.data) - len(_END_OF_HEAD))
        self.data += more
        if self._body_at is None:
            end = self.data.find(_END_OF_HEAD, searched_to)
            if end >= 0:
                self._read_head(end + len(_END_OF_HEAD))

    @property
    def is_whole(self) -> bool:
        """Whether nothing of the request is missing, or no more of it is needed to refuse it."""
        if self._is_malformed or len(self.data) > LARGEST_BYTES:
            return True
        if self._body_at is None:
            return False
        if self._next_chunk_at is not None:
            return self._chunks_are_there()
        return len(self.data) >= self._body_at + (self._length or 0)

    @property
    def head_is_too_long(self) -> bool:
        """Whether so much has come without an end of the head that no honest sender is behind it."""
        return self._body_at is None and len(self.data) > LARGEST_HEAD_BYTES

    def is_late(self, now_seconds: float) -> bool:
        """Whether its time is over."""
        return now_seconds >= self.began_at_seconds + RECEIVE_SECONDS

    def _read_head(self, body_at: int) -> None:
        self._body_at = body_at
        told: dict[bytes, list[bytes]] = {}
        for name, value in _HEADER.findall(bytes(self.data[:body_at])):
            told.setdefault(name.lower(), []).append(value.lower())
        lengths = told.get(b"content-length", [])
        if b"transfer-encoding" in told:
            self._next_chunk_at = body_at
        elif len(lengths) == 1 and lengths[0].isdigit() and len(lengths[0]) < 16:
            self._length = int(lengths[0])
        self._is_malformed = bool(lengths) and self._length is None
        self.waits_to_be_asked = b"100-continue" in told.get(b"expect", [])

    def _chunks_are_there(self) -> bool:
        """Walk on from the first chunk that has not been seen in full (RFC 9112, 7.1)."""
        while self._next_chunk_at is not None:
            end = self.data.find(b"\r\n", self._next_chunk_at, self._next_chunk_at + LARGEST_HEAD_BYTES)
            if end < 0:
                return False
            size = _SIZE.match(bytes(self.data[self._next_chunk_at : end]))
            if size is None:
                self._is_malformed = True
                return True
            if int(size[0], 16) == 0:
                return self.data.find(_END_OF_HEAD, end) >= 0  # after the trailers, of which there may be none
            after = end + 2 + int(size[0], 16) + 2
            if len(self.data) < after:
                return False
            self._next_chunk_at = after
        return False
