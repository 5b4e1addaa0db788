"""The road of `serve`: load a run, start what decodes, listen until it is told to end."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from dataclasses import dataclass
from typing import Any

import numpy as np

from data.cores import cores
from data.squares import shape_of
from errors import UserError
from study.predict.stream import load_averaged
from study.predict.told import introduce, task_of
from study.predict.verdicts import judge_of
from study.runs.folder import Run, size_of
from study.runs.values import of_run
from study.runtime import console
from study.serve import page
from study.serve.app import Service
from study.serve.batching import Batcher
from study.serve.decoding import Asked, Decoders
from study.serve.guard import Guard
from study.serve.limits import Limits, Rate
from study.serve.metrics import Metrics
from study.serve.server import address_of, listen, server


@dataclass(frozen=True)
class Place:
    """Where it listens, whom it lets in, and in which language the page is."""

    host: str = "127.0.0.1"
    port: int = 8000
    token: str | None = None
    language: str = "en"


def serve(run: Run, limits: Limits, place: Place, right: float | None) -> dict[str, Any]:
    """Answer until Ctrl-C or a plain kill; return what was done.

    Args:
        run: a complete run folder.
        limits: of requests.
        place: where.
        right: share of answers that must be right, where it was asked for.

    Raises:
        UserError: the run cannot be asked, or nothing can listen there.
    """
    if task_of(run).PER_PIXEL:
        raise UserError(
            f"serve is for runs that classify, and {run.folder} segments: predict --masks writes its masks."
        )
    if "crop" in run.info:
        raise UserError(f"serve reads whole images, and {run.folder} learned cut ones (--crop-to): use predict.")
    judge = judge_of(run, right)
    respond = load_averaged(run, "none", judge and judge.known)
    size = size_of(run)
    respond(np.zeros((1, *shape_of(size)), np.uint8))  # what is wrong with the run is told now, not to a stranger
    listening, metrics = listen(place.host, place.port), Metrics()
    address = address_of(listening)
    with contextlib.closing(listening):
        introduce(run, own_images=True)
        for note in judge.notes() if judge else ():
            console.to_error(note)
        asked = Asked(size, run.info["resize"], run.info.get("pixel_range"), limits.pixels)
        decoders = Decoders(asked, cores(), limits.seconds / 2, metrics.replaced.inc)
        with contextlib.closing(decoders), contextlib.closing(Batcher(respond, metrics.batch.observe)) as batcher:
            decoders.start()
            guard, shown = Guard(place.token, Rate(limits.rate)), page.page(run, judge, limits, place.language)
            service = Service(run, judge, decoders, batcher, limits, guard, metrics, shown)
            asyncio.run(until_told(service, listening, f"{address} answers by {run.folder}; Ctrl-C ends it"))
    counted = {name: metrics.count(name) for name in ("requests", "images")}
    return {**of_run(run), "address": address, **counted, "replaced": metrics.number("replaced")}


async def until_told(service: Service, listening: socket.socket, said: str) -> None:
    """Serve until a signal comes, and what is under way is done; `said`: what is printed when that begins."""
    answering = asyncio.create_task(service.batcher.run())
    try:
        await server(service.app(), service.limits.seconds, lambda: console.print(said)).serve(sockets=[listening])
    finally:
        answering.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await answering
