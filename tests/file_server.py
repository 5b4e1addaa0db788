"""A web server on this computer that does to a download whatever servers and networks do."""

import contextlib
import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from study.fetch.catalogue import Archive

Answer = Callable[[BaseHTTPRequestHandler, bytes], None]


class Handler(BaseHTTPRequestHandler):
    """Give the next answer of the server's list, or the last one once more; note which bytes were asked for."""

    def do_GET(self):
        server = self.server
        server.asked.append(self.headers.get("Range"))
        answer = server.answers.pop(0) if len(server.answers) > 1 else server.answers[0]
        with contextlib.suppress(ConnectionError):  # the other side may have enough
            answer(self, server.files[self.path.removeprefix("/")])
        self.close_connection = True

    def log_message(self, *_):
        pass


def start(handler, status, length, **headers):
    handler.send_response(status)
    for name, value in ({"Content-Length": length} | headers).items():
        if value is not None:
            handler.send_header(name.replace("_", "-"), str(value))
    handler.end_headers()


def whole(handler, data):
    """As it should be: all of it, or the range that is asked for."""
    first = int((handler.headers.get("Range") or "bytes=0-")[6:-1])
    headers = {"Content_Range": f"bytes {first}-{len(data) - 1}/{len(data)}"} if first else {}
    start(handler, 206 if first else 200, len(data) - first, **headers)
    handler.wfile.write(data[first:])


def without_ranges(handler, data):
    start(handler, 200, len(data))
    handler.wfile.write(data)


def drops_after(count):
    def answer(handler, data):
        start(handler, 200, len(data))
        handler.wfile.write(data[:count])

    return answer


def drops_within(count):
    """The same of the range that is asked for."""

    def answer(handler, data):
        first = int((handler.headers.get("Range") or "bytes=0-")[6:-1])
        start(handler, 206, len(data) - first, Content_Range=f"bytes {first}-{len(data) - 1}/{len(data)}")
        handler.wfile.write(data[first : first + count])

    return answer


def stalls_after(count):
    def answer(handler, data):
        drops_after(count)(handler, data)
        handler.wfile.flush()
        time.sleep(0.4)

    return answer


def says_half(handler, data):
    start(handler, 200, len(data) // 2)
    handler.wfile.write(data[: len(data) // 2])


def says_more(handler, data):
    start(handler, 200, len(data) + 1000)
    handler.wfile.write(data)


def sends_more(handler, data):
    start(handler, 200, None)
    handler.wfile.write(data + bytes(1000))


def wrong_range(handler, data):
    start(handler, 206, 10, Content_Range=f"bytes {len(data) - 10}-{len(data) - 1}/{len(data)}")
    handler.wfile.write(data[-10:])


def other_bytes(handler, data):
    without_ranges(handler, bytes(len(data)))


def no_http(handler, data):
    handler.wfile.write(b"\x00\x01 this is no answer\n\n")


def answers(status, **headers):
    def answer(handler, data):
        start(handler, status, 0, **headers)

    return answer


@contextlib.contextmanager
def serving(*answers: Answer, **files: bytes) -> Iterator[ThreadingHTTPServer]:
    """Serve files at `server.address(name)`; the server's `asked` are the ranges of the requests so far."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.answers, server.files, server.asked = list(answers), files, []
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def archive_of(server: ThreadingHTTPServer, name: str) -> Archive:
    """What the catalogue would say of a file of the server."""
    data = server.files[name]
    address = f"http://127.0.0.1:{server.server_address[1]}/{name}"
    return Archive(f"{name}.bin", address, len(data), hashlib.sha256(data).hexdigest())
