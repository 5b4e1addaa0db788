"""How many processor cores this process may use: in a container, or under a job scheduler, often not all."""

import functools
import math
import os
from pathlib import Path

GROUPS, OF_THIS_PROCESS = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")


@functools.cache
def cores() -> int:
    """Return the cores that this process may use: by its affinity, and at most those that its time limit is worth.

    A container that is given 2 processors' worth of time on a machine of 64 still sees 64: so many threads would
    take turns.
    """
    return max(1, math.ceil(min(bound_to(), time_limit(GROUPS, OF_THIS_PROCESS))))


def bound_to() -> int:
    """Return the cores that this process is bound to, by which TensorFlow goes, whatever time it is given on them."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def time_limit(groups: Path, of_this_process: Path) -> float:
    """Return how many cores' time the control groups of Linux let a process have, infinity where they set no limit.

    Args:
        groups: where the kernel shows the control groups, `/sys/fs/cgroup`.
        of_this_process: the file that says which of them the process is in, `/proc/self/cgroup`: a line each,
            `number:controllers:path`. A group has no more than any group that holds it.
    """
    try:
        lines = of_this_process.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return math.inf
    least = math.inf
    for _, controllers, path in (line.split(":", 2) for line in lines if line.count(":") >= 2):
        if controllers and "cpu" not in controllers.split(","):
            continue
        top = groups / ("cpu" if controllers else "")  # the older version has a folder for each controller
        inner = top / path.strip("/")
        for folder in (inner, *inner.parents):
            if not folder.is_relative_to(top):
                break
            least = min(least, _limit_of(folder))
    return least


def _limit_of(folder: Path) -> float:
    """Return quota / period of one group: `cpu.max` holds both, the older version has two files."""
    for names in (("cpu.max",), ("cpu.cfs_quota_us", "cpu.cfs_period_us")):
        try:
            quota, period = " ".join((folder / name).read_text(encoding="ascii") for name in names).split()[:2]
            return int(quota) / int(period) if int(quota) > 0 else math.inf
        except (OSError, ValueError, ZeroDivisionError):  # no such file, or no number: no limit
            continue
    return math.inf
