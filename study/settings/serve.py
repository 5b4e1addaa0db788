"""The settings of `serve`."""

from __future__ import annotations

from dataclasses import dataclass

from study.settings.declare import Settings, setting


@dataclass(frozen=True)
class ServeSettings(Settings):
    """`python main.py serve`."""

    paths: tuple[str, ...] = setting(
        (),
        "the run that answers, by its folder or name (default: the newest that beats the commonest class)",
        metavar="[RUN]",
    )
    host: str = setting(
        "127.0.0.1", "address to listen at; any but this machine's own needs a token", metavar="ADDRESS"
    )
    port: int = setting(8000, "port to listen at; 0: one that is free", kind=int, low=0, high=65535)
    token: str | None = setting(
        None,
        "secret that every request must bring; better given by the environment variable STUDY_SERVE_TOKEN, as others "
        "on this machine can read the command line",
        metavar="TEXT",
    )
    right: float = setting(
        0.99,
        "share of the answers that must be right, as of predict; less sure ones are called unsure",
        kind=float,
        low=0.5,
        high=0.9999,
    )
    max_mb: int = setting(16, "largest request, in MB", kind=int, low=1, high=1024)
    max_megapixels: int = setting(50, "largest image, in millions of pixels", kind=int, low=1, high=178)
    max_images: int = setting(32, "most images in one request", kind=int, low=1, high=1000)
    max_requests: int = setting(64, "most requests for predictions at work at a time", kind=int, low=1, high=10_000)
    max_rate: float = setting(
        100, "most requests a second from one address; 0: as many as come", kind=float, low=0, high=1_000_000
    )
    max_seconds: float = setting(
        10, "most seconds for one request; half of them for decoding one image", kind=float, low=0.1, high=600
    )
    language: str = setting("en", "of the page", choices=("en", "ja"))
    runs: str = setting("runs", "folder that holds the run folders, where RUN is a name", metavar="DIR")
