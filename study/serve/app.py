"""The addresses: `/`, `/predict`, `/healthz`, `/metrics`; each answer but the page and the metrics is JSON."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from study.pages.language import LANGUAGES, t, told_in
from study.predict.verdicts import Judge
from study.runs.folder import Run
from study.runtime import console
from study.runtime.result import plain
from study.serve import answers
from study.serve.batching import Batcher
from study.serve.body import Sent, images_in
from study.serve.decoding import Decoders
from study.serve.guard import Guard
from study.serve.limits import Limits, Refusal, Room
from study.serve.metrics import Metrics
from study.serve.page import Page

SAFE = {  # with every answer
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
NOTHING = "default-src 'none'; frame-ancestors 'none'"  # the policy of answers that are no page
OTHER = {
    404: t("there are /, /predict, /healthz and /metrics", "利用できるのは /、/predict、/healthz、/metrics です"),
    405: t("/predict takes POST, the others GET", "/predict は POST、ほかは GET で呼び出してください"),
}
DRAINED = 4  # times the largest request: what is read of one that is refused, so that its sender reads the answer
Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass
class Service:
    """What answers.

    Args:
        run: that predicts.
        judge: of its answers.
        decoders: from bytes to pixels.
        batcher: from pixels to predictions.
        limits: of requests.
        guard: who is let in.
        metrics: what is counted.
        page: what a browser gets.
    """

    run: Run
    judge: Judge | None
    decoders: Decoders
    batcher: Batcher
    limits: Limits
    guard: Guard
    metrics: Metrics
    page: Page

    def __post_init__(self) -> None:
        """Count what is at work from now on."""
        self.room = Room(self.limits)

    def app(self) -> Starlette:
        """Return what the server calls."""
        routes = [
            Route("/", self.guarded(self.index), methods=["GET"]),
            Route("/predict", self.counted(self.guarded(self.predict)), methods=["POST"]),
            Route("/healthz", self.guarded(self.health), methods=["GET"]),
            Route("/metrics", self.guarded(self.figures), methods=["GET"]),
        ]
        app = Starlette(routes=routes, exception_handlers={HTTPException: other})
        app.router.redirect_slashes = False  # it would name http:// to those who ask a proxy by https://
        return app

    def guarded(self, endpoint: Endpoint) -> Endpoint:
        """Return an endpoint that answers those who are let in, and tells the others why not."""

        async def answer(request: Request) -> Response:
            try:
                self.guard.check(request)
                return await endpoint(request)
            except Refusal as refusal:
                if refusal.status != 408:  # it was waited for long enough
                    await drain(request, DRAINED * self.limits.bytes)
                return refused(refusal, language_of(request))
            except ClientDisconnect:
                return Response(status_code=400)  # which nobody reads
            except Exception as error:
                console.to_error(f"{request.method} {request.url.path} failed: {type(error).__name__}: {error}")
                reason = t("a fault of the program; its console says more", "プログラムの不具合です")
                return refused(Refusal(500, reason), language_of(request))

        return answer

    def counted(self, endpoint: Endpoint) -> Endpoint:
        """Return an endpoint whose requests are counted and timed."""

        async def answer(request: Request) -> Response:
            started = time.perf_counter()
            with self.metrics.at_work.track_inprogress():
                response = await endpoint(request)
            self.metrics.seconds.observe(time.perf_counter() - started)
            self.metrics.requests.labels(str(response.status_code)).inc()
            return response

        return answer

    async def index(self, request: Request) -> Response:
        """Answer with the page."""
        return HTMLResponse(self.page.text, headers=SAFE | {"Content-Security-Policy": self.page.policy})

    async def health(self, request: Request) -> Response:
        """Say that the server is there, and can decode."""
        alive = any(worker.alive for worker in self.decoders.workers)
        return as_json({"status": "ok" if alive else "no process that decodes is alive"}, 200 if alive else 503)

    async def figures(self, request: Request) -> Response:
        """Answer with the metrics."""
        headers = SAFE | {"Content-Security-Policy": NOTHING, "Content-Type": CONTENT_TYPE_LATEST}
        return Response(self.metrics.text(), headers=headers)

    async def predict(self, request: Request) -> Response:
        """Answer with the predictions for the images in a request; 422 where none of them could be used."""
        language, here = language_of(request, strict=True), False
        try:
            with self.room.request() as held:
                async with asyncio.timeout(self.limits.seconds):
                    images = await images_in(request, self.limits, held)
                    here = True
                    told = await asyncio.gather(*(self.predict_one(sent, language) for sent in images))
        except TimeoutError as error:
            raise late(self.limits.seconds, here) from error
        answer = answers.whole(self.run, self.judge, told)
        if answer["failed"] < len(told):
            return as_json(answer)
        reason = t("no image of the request could be used", "要求に含まれる画像はどれも使えませんでした")
        alone = told[0]["error"] if len(told) == 1 else told_in(language)(reason)
        return as_json({"error": alone, **answer}, 422)

    async def predict_one(self, sent: Sent, language: str) -> dict[str, Any]:
        """Return what is told of one image."""
        pixels = await self.decoders.decode(sent.content)
        prediction = answers.failure(pixels) if isinstance(pixels, str) else await self.batcher.predict(pixels)
        self.metrics.images.labels(answers.kind(self.judge, prediction)).inc()
        return answers.entry(self.run, self.judge, sent.name, answers.in_language(prediction, language))


async def drain(request: Request, most: int) -> None:
    """Read what a refused sender still sends, for a second: else the connection breaks before it reads the reason."""
    if "expect" in request.headers or request.method != "POST":
        return
    try:
        async with asyncio.timeout(1):
            async for piece in request.stream():
                if (most := most - len(piece)) < 0:
                    return
    except (TimeoutError, ClientDisconnect, RuntimeError):  # RuntimeError: it was read before
        return


def language_of(request: Request, strict: bool = False) -> str:
    """Return the language of reasons that was asked for. Raise Refusal, with `strict`, for one that there is not."""
    asked = request.query_params.get("language", "en")
    if asked not in LANGUAGES and strict:
        raise Refusal(422, t("language takes en, ja", "language に指定できるのは en、ja です"))
    return asked if asked in LANGUAGES else "en"


def late(seconds: float, here: bool) -> Refusal:
    """Return the answer to a request that took too long: to come, or to be answered."""
    if here:
        reason = t(
            f"no answer within {seconds:g} seconds: try again, with fewer images",
            f"{seconds:g} 秒以内に応答できませんでした。画像を減らして再試行してください",
        )
        return Refusal(503, reason, {"Retry-After": "1"})
    return Refusal(
        408, t(f"the request did not come within {seconds:g} seconds", f"要求が {seconds:g} 秒以内に届きませんでした")
    )


def as_json(values: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Answer with JSON."""
    return Response(
        json.dumps(plain(values), ensure_ascii=False, allow_nan=False),
        status,
        SAFE | {"Content-Security-Policy": NOTHING} | dict(headers or {}),
        "application/json",
    )


def refused(refusal: Refusal, language: str) -> Response:
    """Answer with the reason why there is no other answer."""
    return as_json({"error": told_in(language)(refusal.reason)}, refusal.status, refusal.headers)


async def other(request: Request, error: HTTPException) -> Response:
    """Answer where there is no such address, or not by this method."""
    reason = OTHER.get(error.status_code, t(error.detail, error.detail))
    return refused(Refusal(error.status_code, reason, dict(error.headers or {})), language_of(request))
