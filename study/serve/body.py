"""The images in a request, raw or as a form: held in memory, never in a file, and no more than is allowed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from data.names import printable
from study.pages.language import t
from study.serve.limits import Held, Limits, Refusal, too_large

FORM, RAW = "multipart/form-data", "application/octet-stream"
LONGEST_NAME = 200  # letters of what a client calls an image, which is repeated to it


@dataclass(frozen=True)
class Sent:
    """One image as it came: its bytes, and what the client calls it."""

    content: bytes
    name: str | None = None


class Reader(Protocol):
    """Takes a body piece by piece."""

    def write(self, piece: bytes) -> None:
        """Take a piece."""

    def images(self) -> list[Sent]:
        """Return what came. Raise Refusal where that is not whole."""


async def images_in(request: Request, limits: Limits, held: Held) -> list[Sent]:
    """Read the body of a request. Raise Refusal where it is too large, of another type or damaged."""
    reader = reader_of(request, limits)
    if int(request.headers.get("content-length", 0)) > limits.bytes:
        raise too_large(limits)
    async for piece in request.stream():
        held.add(len(piece))
        reader.write(piece)
    if not (images := reader.images()):
        raise Refusal(422, t("there is no image in the request", "要求に画像が含まれていません"))
    return images


def reader_of(request: Request, limits: Limits) -> Reader:
    """Return what reads a body of this type. Raise Refusal for one that is not taken."""
    given = request.headers.get("content-type", "")
    kind, options = parse_options_header(given)
    kind = kind.decode("latin-1").lower()
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Refusal(415, t("a compressed body is not taken: send it as it is", "圧縮された本文は受け付けません"))
    if kind == FORM and b"boundary" in options:
        return Form(options[b"boundary"], limits.images)
    if kind == RAW or kind.startswith("image/"):
        return Raw()
    received = printable(given)[:LONGEST_NAME] or "none"
    raise Refusal(
        415,
        t(
            f"Content-Type is {FORM}, {RAW} or image/…. Received: {received}",
            f"Content-Type は {FORM}、{RAW}、image/… のいずれかです。受信した値：{received}",
        ),
    )


class Raw:
    """A body that is one image."""

    def __init__(self) -> None:
        self.content = bytearray()

    def write(self, piece: bytes) -> None:
        """Take a piece."""
        self.content += piece

    def images(self) -> list[Sent]:
        """Return the image."""
        return [Sent(bytes(self.content))] if self.content else []


class Form:
    """A body that is a form, each field of which is an image."""

    def __init__(self, boundary: bytes, most: int) -> None:
        self.most, self.ended = most, False
        self.parts: list[tuple[bytearray, dict[str, str]]] = []
        self.header = (bytearray(), bytearray())
        callbacks = {
            "on_part_begin": self._begin,
            "on_part_data": lambda data, start, end: self.parts[-1][0].extend(data[start:end]),
            "on_header_begin": self._begin_header,
            "on_header_field": lambda data, start, end: self.header[0].extend(data[start:end]),
            "on_header_value": lambda data, start, end: self.header[1].extend(data[start:end]),
            "on_header_end": self._end_header,
            "on_end": self._end,
        }
        try:
            self.parser = MultipartParser(boundary, callbacks)
        except FormParserError as error:
            raise damaged() from error

    def write(self, piece: bytes) -> None:
        """Take a piece. Raise Refusal where it is no form, or has too many images."""
        try:
            self.parser.write(piece)
        except FormParserError as error:
            raise damaged() from error

    def images(self) -> list[Sent]:
        """Return the images. Raise Refusal where the form does not end."""
        if not self.ended:
            raise damaged()
        return [Sent(bytes(content), headers.get("name")) for content, headers in self.parts]

    def _begin(self) -> None:
        if len(self.parts) == self.most:
            most = f"{self.most:,}"
            raise Refusal(413, t(f"more than {most} images in one request", f"1 回に送れる画像は {most} 枚までです"))
        self.parts.append((bytearray(), {}))

    def _begin_header(self) -> None:
        self.header = (bytearray(), bytearray())

    def _end_header(self) -> None:
        if bytes(self.header[0]).lower() == b"content-disposition":
            _, options = parse_options_header(bytes(self.header[1]))  # a text would have to be Latin-1
            given = options.get(b"filename") or options.get(b"name") or b""
            self.parts[-1][1]["name"] = printable(given.decode("utf-8", "replace"))[:LONGEST_NAME]

    def _end(self) -> None:
        self.ended = True


def damaged() -> Refusal:
    """Return the answer to a form that cannot be read."""
    return Refusal(422, t("the form (multipart/form-data) is damaged", "フォーム（multipart/form-data）が壊れています"))
