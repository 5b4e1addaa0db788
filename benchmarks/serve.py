"""What `serve` does under load: its share of the bare network's images/s, waiting times, hostile uploads, memory.

    python benchmarks/serve.py --data DIR --run RUN [--callers 32] [--seconds 30] [--hostile 10000]

Images/s of the network alone, on images in memory, three times; the median counts. Then a server in a process of its
own, and callers that send a photo each, again and again, as files: images/s, and the times that half and 99 % of the
answers take at most; once more with as many senders beside them that never end their request. Then hostile uploads
(random bytes, truncated and changed images, claims of gigapixels, wrong types), each of which must be answered, and the
memory of all processes before and after. Callers, decoding and network share the cores of this machine.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import re
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
REPEATS, IN_MEMORY, WARM = 3, 256, 3.0  # WARM: seconds of callers before they count
LINE = rb"http://\S+:(\d+)/ answers by "


def request(body: bytes, kind: str) -> bytes:
    """Return a request for predictions as it goes over the wire."""
    head = f"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode("latin-1") + body


async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, content: bytes) -> int:
    """Send a request and return the status of its answer."""
    writer.write(content)
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(re.search(rb"content-length: (\d+)", head)[1])
    await reader.readexactly(length)
    return int(head.split()[1])


async def call(
    port: int, contents: list[bytes], first: int, until: float, told: list[tuple[float, float, int]]
) -> None:
    """Ask again and again; note when each answer came, the seconds that it took, and its status."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    number = first
    while time.perf_counter() < until:
        started = time.perf_counter()
        status = await ask(reader, writer, contents[number % len(contents)])
        told.append((time.perf_counter(), time.perf_counter() - started, status))
        number += 1
    writer.close()


async def send_slowly(port: int, until: float) -> None:
    """Begin requests that never end, a byte in a tenth of a second."""
    while time.perf_counter() < until:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(request(bytes(100_000), "image/jpeg")[:200])
            while time.perf_counter() < until and not writer.is_closing():
                writer.write(b"\0")
                await writer.drain()
                await asyncio.sleep(0.1)
            writer.close()


async def load(
    port: int, contents: list[bytes], callers: int, seconds: float, slow: int = 0
) -> tuple[float, list, Counter]:
    """Return images/s, the seconds of each answer, and how many had which status."""
    begun, told = time.perf_counter(), []
    until = begun + WARM + seconds
    async with asyncio.TaskGroup() as group:
        for number in range(callers):
            group.create_task(call(port, contents, 7 * number, until, told))
        for _ in range(slow):
            group.create_task(send_slowly(port, until))
    counted = [(took, status) for at, took, status in told if begun + WARM <= at <= until]
    return len(counted) / seconds, sorted(took for took, _ in counted), Counter(status for _, status in counted)


async def attack(port: int, number: int, at_once: int) -> Counter:
    """Send hostile uploads; return how many had which status."""
    from hostile import upload

    waiting, statuses = iter(range(number)), Counter()

    async def send() -> None:
        for one in waiting:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            statuses[await ask(reader, writer, request(*upload(one)))] += 1
            writer.close()

    await asyncio.gather(*(send() for _ in range(at_once)))
    return statuses


def resident(process: subprocess.Popen) -> float:
    """Return the memory of a server and of the processes that decode for it, MB."""
    children = Path(f"/proc/{process.pid}/task").glob("*/children")
    numbers = [process.pid, *(int(word) for file in children for word in file.read_text().split())]
    pages = (int(Path(f"/proc/{number}/statm").read_text().split()[1]) for number in numbers)
    return sum(pages) * 4096 / 2**20


@contextlib.contextmanager
def served(run: Path) -> Iterator[tuple[subprocess.Popen, int]]:
    """Give a server in a process of its own, and its port."""
    words = [sys.executable, "main.py", "serve", str(run), "--port", "0", "--max-rate", "0"]
    process = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        if not (found := re.match(LINE, process.stdout.readline())):
            raise SystemExit(f"The server does not start. Try: {' '.join(words[1:])}")
        yield process, int(found[1])
    finally:
        process.terminate()
        process.wait()


def bare(run_folder: Path, files: list[Path]) -> float:
    """Return images/s of the network alone."""
    import numpy as np

    from study.predict.stream import decode_chunks
    from study.runs.folder import read_run
    from study.saved.cut import Cutter
    from study.saved.runner import load_runner

    run = read_run(run_folder)
    how = run.info["image_size"], run.info["resize"], run.info.get("pixel_range"), Cutter(run)
    ((_, outcomes, _),) = decode_chunks([files[:IN_MEMORY]], *how)
    images, respond = np.stack([outcome[1] for outcome in outcomes]), load_runner(run)
    respond(images[:64])  # allocates memory
    rates = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        for at in range(0, len(images), 64):
            respond(images[at : at + 64])
        rates.append(len(images) / (time.perf_counter() - started))
    return statistics.median(rates)


def main(asked: argparse.Namespace) -> None:
    """Print the figures."""
    from data import folder
    from data.cores import cores

    files = folder.list_images([asked.data])[0]
    files = files[:: max(1, len(files) // IN_MEMORY)]
    contents = [request(file.read_bytes(), "image/jpeg") for file in files]
    alone = bare(asked.run, files)
    print(f"{cores()} cores, {len(files)} photos, {asked.callers} callers, {asked.seconds:g} s")
    print(f"network alone    {alone:8.1f} images/s")
    with served(asked.run) as (process, port):
        print(f"memory at first  {resident(process):8.1f} MB")
        for name, slow in (("serve", 0), ("and slow senders", asked.callers)):
            rate, took, statuses = asyncio.run(load(port, contents, asked.callers, asked.seconds, slow))
            half, most = (1000 * took[int(share * (len(took) - 1))] for share in (0.5, 0.99))
            told = ", ".join(f"{status}: {count:,}" for status, count in sorted(statuses.items()))
            print(f"{name:<16} {rate:8.1f} images/s, {rate / alone:.2f} of the network alone; ", end="")
            print(f"p50 {half:.0f} ms, p99 {most:.0f} ms; {told}; {resident(process):.1f} MB")
        asyncio.run(attack(port, min(500, asked.hostile), asked.callers))
        before = resident(process)
        statuses = asyncio.run(attack(port, asked.hostile, asked.callers))
        told = ", ".join(f"{status}: {count:,}" for status, count in sorted(statuses.items()))
        print(f"hostile uploads  {statuses.total():8,} answered; {told}; ", end="")
        print(f"{before:.1f} MB before, {resident(process):.1f} MB after")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, type=Path, metavar="DIR", help="folder of photos")
    parser.add_argument("--run", required=True, type=Path, metavar="RUN", help="run folder")
    parser.add_argument("--callers", type=int, default=32, metavar="N", help="callers at a time (default 32)")
    parser.add_argument("--seconds", type=float, default=30, metavar="S", help="of each load (default 30)")
    parser.add_argument("--hostile", type=int, default=10_000, metavar="N", help="hostile uploads (default 10000)")
    main(parser.parse_args())
