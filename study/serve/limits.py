"""What a request may take: its size, its rate, its share of memory; and how one is refused."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from study.pages.language import Bilingual, t

MEGABYTE = 10**6
REMEMBERED = 10_000  # addresses
HELD = 16  # times the largest request: what all together may hold


@dataclass(frozen=True)
class Limits:
    """What is allowed.

    Args:
        bytes: of a request.
        pixels: of an image.
        images: in a request.
        requests: for predictions, at a time.
        rate: requests a second from one address; 0: as many as come.
        seconds: for a request.
    """

    bytes: int = 16 * MEGABYTE
    pixels: int = 50_000_000
    images: int = 32
    requests: int = 64
    rate: float = 100
    seconds: float = 10


class Refusal(Exception):
    """Why a request gets no answer, with the status of HTTP that says so."""

    def __init__(self, status: int, reason: Bilingual, headers: dict[str, str] | None = None) -> None:
        super().__init__(status, reason)
        self.status, self.reason, self.headers = status, reason, headers or {}


class Rate:
    """Lets in so many requests a second from each address, and up to a second's worth of them at once."""

    def __init__(self, rate: float) -> None:
        self.rate, self.most = rate, max(1.0, rate)
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, address: str, now: float | None = None) -> None:
        """Count a request. Raise Refusal where the address has had its share."""
        if not self.rate:
            return
        now = time.monotonic() if now is None else now
        left, before = self._left.pop(address, (self.most, now))
        left = min(self.most, left + (now - before) * self.rate)
        self._left[address] = (left - 1 if left >= 1 else left), now
        if len(self._left) > REMEMBERED:
            self._left.popitem(last=False)
        if left < 1:
            wait = math.ceil((1 - left) / self.rate)
            raise Refusal(
                429,
                t(
                    f"more than {self.rate:g} requests a second from this address: try again in {wait:,} s",
                    f"このアドレスからの要求が毎秒 {self.rate:g} 回を超えました。{wait:,} 秒後に再試行してください",
                ),
                {"Retry-After": f"{wait}"},
            )


class Room:
    """Bounds what all requests together take: how many are at work, and how many bytes they hold."""

    def __init__(self, limits: Limits) -> None:
        self.limits, self.requests, self.bytes = limits, 0, 0

    @contextmanager
    def request(self) -> Iterator[Held]:
        """Let a request in, and give what counts its bytes. Raise Refusal where too many are at work."""
        if self.requests >= self.limits.requests:
            raise busy()
        self.requests += 1
        held = Held(self)
        try:
            yield held
        finally:
            self.requests -= 1
            self.bytes -= held.bytes


class Held:
    """The bytes of one request."""

    def __init__(self, room: Room) -> None:
        self.room, self.bytes = room, 0

    def add(self, count: int) -> None:
        """Count bytes that came. Raise Refusal where they are more than one request, or all together, may hold."""
        if self.bytes + count > self.room.limits.bytes:
            raise too_large(self.room.limits)
        if self.room.bytes + count > HELD * self.room.limits.bytes:
            raise busy()
        self.bytes += count
        self.room.bytes += count


def too_large(limits: Limits) -> Refusal:
    """Return the answer to a request that is too large."""
    most = f"{limits.bytes / MEGABYTE:g} MB"
    return Refusal(413, t(f"the request is larger than {most}", f"要求が {most} を超えています"))


def busy() -> Refusal:
    """Return the answer where too much is at work already."""
    reason = t(
        "too many requests at work: try again in a moment",
        "処理中の要求が多すぎます。しばらく待ってから再試行してください",
    )
    return Refusal(503, reason, {"Retry-After": "1"})
