#!/usr/bin/env bash
# One would expect a library to keep off standard output, which belongs to the program: notes go to standard error, or
# through `logging`. Where several processes compute together on CPUs, JAX connects them by Gloo, and that writes
# "[Gloo] Rank 0 is connected to …" on standard output, from C++: neither Python's `logging` nor `contextlib.
# redirect_stdout` nor TF_CPP_MIN_LOG_LEVEL holds it back, and as it is buffered apart from Python's own it appears in
# the middle of other lines. So a training in several processes that prints its figures as JSON, or as CSV into a pipe,
# gives something that no parser reads. On one process, where most scripts are tried, nothing is written. It comes with
# the first operation over all processes: whoever puts another file in the place of descriptor 1 (`os.dup2`) around one
# of these, before the training begins, has silence from then on.
# Seen with JAX 0.10.2 on Linux, 29 November 2026. Source: a training with `keras.distribution.DataParallel`.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check jax==0.10.2
cat > "$work/train.py" <<'PYTHON'
"""Sum a number over all processes, and print it as JSON: NUMBER COUNT PORT [held]."""
import contextlib
import io
import json
import os
import sys

import jax
from jax.experimental import multihost_utils

number, count, port = map(int, sys.argv[1:4])
if count > 1:
    jax.distributed.initialize(f"127.0.0.1:{port}", count, number)
if "held" in sys.argv:
    screen = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
with contextlib.redirect_stdout(io.StringIO()):
    total = int(multihost_utils.process_allgather(jax.numpy.ones(())).sum())
if "held" in sys.argv:
    os.dup2(screen, 1)
if number == 0:
    print(json.dumps({"processes": count, "sum": total}))
PYTHON
python="$work/venv/bin/python"
port() { "$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
both() {
  local free; free=$(port)
  "$python" "$work/train.py" 1 2 "$free" "$@" > /dev/null 2>&1 &
  "$python" "$work/train.py" 0 2 "$free" "$@" 2> /dev/null
  wait
}
export TF_CPP_MIN_LOG_LEVEL=3 JAX_PLATFORMS=cpu
"$python" -c 'import importlib.metadata as m; print(*(f"{p} {m.version(p)}" for p in ("jax", "jaxlib")), sep=", ")'
one=$("$python" "$work/train.py" 0 1 0 2> /dev/null)
two=$(both)
held=$(both held)
printf 'standard output of one process:\n%s\nof the first of two:\n%s\nof the first of two, descriptor 1 held:\n%s\n' "$one" "$two" "$held"
[ "$one" = '{"processes": 1, "sum": 1}' ] && [ "$held" = '{"processes": 2, "sum": 2}' ] && grep -q '^\[Gloo\]' <<< "$two" \
  && ! "$python" -m json.tool <<< "$two" > /dev/null 2>&1 || { echo "the behaviour has changed"; exit 1; }
echo "as described: JAX writes on standard output"
