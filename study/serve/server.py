"""The HTTP server: uvicorn, with an end to connections that bring nothing, and a quiet end of its own."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator

import h11
import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.h11_impl import H11Protocol

from errors import UserError

CONNECTIONS = 512  # at a time; more are closed at once
IDLE = 5  # seconds that a connection is kept for a next request
TALKATIVE = ("uvicorn", "python_multipart")  # packages that tell a screen of what strangers send
ENDING = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


class Connection(H11Protocol):
    """A connection that ends where no request is done on it for longer than one may take.

    uvicorn itself waits without end for a request's first lines, and for the reader of an answer.
    """

    patience = 60.0
    done = seen = 0

    def connection_made(self, transport: object) -> None:
        """Begin to look at it."""
        super().connection_made(transport)
        if len(self.connections) > CONNECTIONS:
            transport.abort()
        else:
            self.watch = self.loop.call_later(self.patience, self.look)

    def look(self) -> None:
        """End it where nothing was done since the last look."""
        if self.done == self.seen or self.transport.is_closing():
            self.transport.abort()
        else:
            self.seen = self.done
            self.watch = self.loop.call_later(self.patience, self.look)

    def on_response_complete(self) -> None:
        """Count what was done."""
        self.done += 1
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP with JSON, like all else that is refused; nothing where an answer has gone already."""
        try:
            if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
                self.transport.write(b"".join(map(self.conn.send, self.refusal())))
        finally:
            self.transport.close()

    def refusal(self) -> list[h11.Event]:
        """Return the answer to what is no HTTP; that to HEAD has no body."""
        content = json.dumps({"error": "the request is not HTTP/1.1"}).encode()
        headers = [("content-type", "application/json"), ("content-length", str(len(content))), ("connection", "close")]
        head = h11.Response(status_code=400, headers=headers, reason=b"Bad Request")
        asked = self.conn.our_state is h11.SEND_RESPONSE and self.scope["method"]  # else it has not come that far
        return [head, *([] if asked == "HEAD" else [h11.Data(content)]), h11.EndOfMessage()]

    def connection_lost(self, exc: Exception | None) -> None:
        """Look at it no more."""
        if watch := getattr(self, "watch", None):
            watch.cancel()
        super().connection_lost(exc)


class Server(uvicorn.Server):
    """A server that ends quietly when it is told to: what is under way is done first.

    Args:
        config: of uvicorn.
        ready: is called when it answers, and a signal ends it.
    """

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self.ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen, and say so."""
        await super().startup(sockets)
        self.ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Let Ctrl-C, a plain kill and a closed terminal end it, and nobody else hear of them."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        heard = [number for number in ENDING if signal.getsignal(number) is not signal.SIG_IGN]
        before = {number: signal.signal(number, self.handle_exit) for number in heard}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def server(app: Starlette, seconds: float, ready: Callable[[], None]) -> Server:
    """Return a server whose requests take `seconds` at most; `ready` is called when it answers."""
    idle = min(IDLE, seconds)
    patient = type("Connection", (Connection,), {"patience": seconds + idle + 1})
    for package in TALKATIVE:
        logging.getLogger(package).addHandler(logging.NullHandler())
        logging.getLogger(package).propagate = False
    config = uvicorn.Config(
        app,
        http=patient,
        ws="none",
        loop="asyncio",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # a client could give itself any address
        timeout_keep_alive=idle,
        timeout_graceful_shutdown=max(1, round(seconds + idle + 1)),
    )
    return Server(config, ready)


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens. Raise UserError where it cannot."""
    try:
        family, *_, address = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family, backlog=CONNECTIONS)
    except (OSError, UnicodeError) as error:
        number = getattr(error, "errno", None) or 0
        reason = os.strerror(number) if number > 0 else getattr(error, "strerror", None) or error
        raise UserError(f"Cannot listen at --host {host} --port {port}: {reason}. Give another one.") from error


def address_of(listening: socket.socket) -> str:
    """Return the address for a browser."""
    host, port = listening.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"
