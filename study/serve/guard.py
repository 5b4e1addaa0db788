"""Who is let in: by the token, by the name of the host, by the rate."""

from __future__ import annotations

import base64
import binascii
import hmac
import ipaddress

from starlette.requests import Request

from study.pages.language import t
from study.serve.limits import Rate, Refusal

OPEN = ("/healthz",)  # what tells nothing of the run
CHALLENGE = {"WWW-Authenticate": 'Basic realm="study-classification", charset="UTF-8"'}


def is_loopback(host: str) -> bool:
    """Say whether an address is one of this machine alone."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() in ("localhost", "localhost.")


class Guard:
    """Lets a request in, or raises Refusal.

    Args:
        token: that every request must bring; None: a request must then name this machine as its host.
        rate: of requests.
    """

    def __init__(self, token: str | None, rate: Rate) -> None:
        self.token, self.rate = token, rate

    def check(self, request: Request) -> None:
        """Raise Refusal where a request is not let in."""
        if request.url.path in OPEN:
            return
        self.rate.take(request.client.host if request.client else "")
        if self.token is None:
            check_host(request.headers.get("host", ""))
        elif not is_token(self.token, request.headers.get("authorization", "")):
            reason = t(
                "a token is needed: Authorization: Bearer TOKEN, or the token as password",
                "トークンが必要です（Authorization: Bearer TOKEN、またはパスワードとして送ってください）",
            )
            raise Refusal(401, reason, CHALLENGE)
        if request.headers.get("sec-fetch-site") in ("cross-site", "same-site") and request.method == "POST":
            raise Refusal(403, t("pages of other sites are not answered", "ほかのサイトのページには応答しません"))


def check_host(given: str) -> None:
    """Raise Refusal where a request was sent to another name: a stranger can give a name of his any address."""
    name = given.rpartition(":")[0] if not given.endswith("]") and ":" in given else given
    if not is_loopback(name):
        raise Refusal(
            403,
            t(
                "without a token only localhost is answered: serve with --token behind another name",
                "トークンなしでは localhost にだけ応答します。ほかの名前で公開するには --token を指定してください",
            ),
        )


def is_token(token: str, given: str) -> bool:
    """Say whether a header `Authorization` brings the token, in a time that tells nothing of it."""
    kind, _, value = given.partition(" ")
    if kind.lower() == "basic":
        try:
            value = base64.b64decode(value, validate=True).decode("utf-8", "replace").partition(":")[2]
        except (binascii.Error, ValueError):
            value = ""
    elif kind.lower() != "bearer":
        value = ""
    return hmac.compare_digest(value.strip().encode(), token.encode())
