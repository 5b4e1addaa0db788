"""Answer over HTTP by a saved run."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from errors import UserError
from study.runtime import hardware
from study.runtime.result import Result
from study.settings.serve import ServeSettings

NEEDED = {
    "starlette": "starlette",
    "uvicorn": "uvicorn",
    "python_multipart": "python-multipart",
    "prometheus_client": "prometheus-client",
}
SHORTEST = 16  # letters of a token
MILLION = 1_000_000


def run(flags: Mapping[str, Any], command_line: str) -> Result:
    """Answer over HTTP until it is told to end."""
    settings = ServeSettings(**flags)
    require_packages()
    from study.runs.folder import one_run
    from study.serve.limits import Limits
    from study.serve.run import Place, serve

    token = token_of(settings)
    run = one_run(settings.paths, settings.runs, "serve")
    limits = Limits(
        settings.max_mb * MILLION,
        settings.max_megapixels * MILLION,
        settings.max_images,
        settings.max_requests,
        settings.max_rate,
        settings.max_seconds,
    )
    return Result(serve(run, limits, Place(settings.host, settings.port, token, settings.language), flags.get("right")))


def require_packages() -> None:
    """Raise UserError where a package of the optional list is not installed."""
    if lacking := [name for module, name in NEEDED.items() if not hardware.is_installed(module)]:
        verb = "is" if len(lacking) == 1 else "are"
        raise UserError(
            f"serve needs {', '.join(lacking)}, which {verb} not installed. Run: python -m pip install -r "
            "requirements-serve.txt"
        )


def token_of(settings: ServeSettings) -> str | None:
    """Return the token, of the command line or the environment. Raise UserError where it is too short, or lacking."""
    from study.serve.decoding import TOKEN
    from study.serve.guard import is_loopback

    token = settings.token or os.environ.get(TOKEN) or None
    if token is None and not is_loopback(settings.host):
        raise UserError(
            f"--host {settings.host} lets others in, which takes a token: set {TOKEN} or give --token, at least "
            f"{SHORTEST} letters; or leave --host out."
        )
    sound = token is None or (len(token) >= SHORTEST and token.isascii() and token.isprintable() and " " not in token)
    if not sound:
        raise UserError(
            f"A token has at least {SHORTEST} letters, digits or signs of ASCII, and no space. Received: {len(token)} "
            "of them."
        )
    return token
