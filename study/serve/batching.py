"""Images of all callers go through the network together: those that come within a few milliseconds, or meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from study.predict.stream import Prediction, Respond, predictions_of

MOST = 32  # images at a time
WAIT = 0.004  # seconds for others to come


class Batcher:
    """Gathers images and lets a network answer for them.

    Args:
        respond: pixels -> probabilities, distances.
        batched: is called with the number of images of each batch.
    """

    def __init__(self, respond: Respond, batched: Callable[[int], None] = lambda count: None) -> None:
        self.respond, self.batched = respond, batched
        self._waiting: asyncio.Queue[tuple[np.ndarray, asyncio.Future[Prediction]]] = asyncio.Queue()
        self._room = asyncio.Semaphore(4 * MOST)  # pixels in memory, however many are decoded
        self._thread = ThreadPoolExecutor(1, "network")

    async def predict(self, pixels: np.ndarray) -> Prediction:
        """Return what the network says of one image."""
        async with self._room:
            answer = asyncio.get_running_loop().create_future()
            self._waiting.put_nowait((pixels, answer))
            return await answer

    async def run(self) -> None:
        """Answer, batch after batch, until it is cancelled."""
        while True:
            batch = await self._gather()
            if not batch:
                continue
            self.batched(len(batch))
            try:
                told = await asyncio.get_running_loop().run_in_executor(
                    self._thread, self._answer, [pixels for pixels, _ in batch]
                )
            except Exception as error:
                for _, answer in batch:
                    if not answer.done():
                        answer.set_exception(error)
                continue
            for (_, answer), prediction in zip(batch, told, strict=True):
                if not answer.done():
                    answer.set_result(prediction)

    async def _gather(self) -> list[tuple[np.ndarray, asyncio.Future[Prediction]]]:
        """Wait for an image, and return it with those that came since; not those that nobody waits for any more."""
        batch = [await self._waiting.get()]
        if self._waiting.qsize() + 1 < MOST:
            await asyncio.sleep(WAIT)
        while len(batch) < MOST and not self._waiting.empty():
            batch.append(self._waiting.get_nowait())
        return [(pixels, answer) for pixels, answer in batch if not answer.done()]

    def _answer(self, images: list[np.ndarray]) -> list[Prediction]:
        return list(predictions_of([Path()] * len(images), [("", pixels) for pixels in images], self.respond))

    def close(self) -> None:
        """Let the thread end."""
        self._thread.shutdown(cancel_futures=True)
