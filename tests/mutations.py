"""What a stranger may have done to a file: sound ones are changed at random, and a reader has to say what it finds."""

import copy
import os
import resource
from collections import Counter
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from errors import UserError

CASES = int(os.environ.get("STUDY_FUZZ_CASES", "100"))  # of each property; `make soak` asks for 10,000
MOST_MEMORY = 3 * 2**30  # bytes that all cases of a property together may add to the process
HANGS = timedelta(seconds=60)
ESCAPE, MARKUP = "\x1b[2J\x07\x9b31m", "<script>alert(1)</script>"
DEEP = "["  # stands for a list in a list in a list …, which no value of Python's own is needed for
ODD = (
    *(
        ESCAPE,
        MARKUP,
        "{{ 7*7 }}",
        "../../../../etc/passwd",
        "/etc/passwd",
        "\0",
        "a\nb",
        "\ud800",
        "",
        " ",
        "x" * 5000,
    ),
    *(10**30, -1, 0, 2**31, 2**63, 1e308, float("nan"), float("inf"), -0.0, True, None),
)
NUMBERS_OR_TEXTS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
ANY = st.sampled_from(ODD) | st.recursive(
    NUMBERS_OR_TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def changed_values(draw, sound):
    """Plain values, as JSON has them, with one to three of them replaced, removed, or joined by others."""
    value = copy.deepcopy(sound)
    for _ in range(draw(st.integers(1, 3))):
        value = _changed(draw, value)
    return value


def _changed(draw, value):
    """Go down to a place that is drawn, the nearer ones oftener, and change it."""
    if isinstance(value, dict | list) and value and draw(st.integers(0, 3)):
        key = draw(st.sampled_from(sorted(value) if isinstance(value, dict) else range(len(value))))
        how = draw(st.sampled_from(["deeper", "deeper", "deeper", "removed", "more"]))
        if how == "removed":
            del value[key]
        elif how == "more" and isinstance(value, dict):
            value[draw(st.text(max_size=10))] = draw(ANY)
        elif how == "more":
            value.insert(key, draw(ANY))
        else:
            value[key] = _changed(draw, value[key])
        return value
    return draw(ANY)


@st.composite
def changed_bytes(draw, sound, header=None, signature=0):
    """The bytes of a file with one to four changes, most of them in its first `header` bytes behind a `signature`."""
    content = bytearray(sound)
    for _ in range(draw(st.integers(1, 4))):
        within = min(len(content), header or len(content)) if draw(st.integers(0, 3)) else len(content)
        at = draw(st.integers(min(signature, max(0, within - 1)), max(0, within - 1)))
        how = draw(st.sampled_from(["byte", "word", "cut", "removed", "more", "again"]))
        if how == "byte":
            content[at : at + 1] = draw(st.binary(min_size=1, max_size=1))
        elif how == "word":
            content[at : at + 4] = draw(
                st.sampled_from([b"\xff" * 4, b"\0" * 4, b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f"])
            )
        elif how == "cut":
            del content[at:]
        elif how == "removed":
            del content[at : at + draw(st.integers(1, 40))]
        elif how == "more":
            content[at:at] = draw(st.binary(min_size=1, max_size=20))
        else:
            content[at:at] = content[at : at + draw(st.integers(1, 200))]
    return bytes(content)


def fuzz(what, cases, read):
    """Let `read` read so many cases: each is read, or refused by a message of one line, and takes no end of memory.

    `read` may return a word for what came of it.
    """
    tried, before = Counter(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    @settings(max_examples=CASES, deadline=HANGS, database=None, suppress_health_check=list(HealthCheck))
    @given(cases)
    def one(case):
        try:
            came_of_it = read(case) or "read"
        except UserError as error:
            came_of_it = "refused" if str(error).strip() else "refused without a word"
        tried[came_of_it] += 1

    one()
    grown = 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
    told = ", ".join(f"{count:,} {word}" for word, count in sorted(tried.items()))
    print(f"\n{what}: {tried.total():,} cases: {told}; memory grew by {grown / 2**20:,.0f} MiB")
    assert "refused without a word" not in tried
    assert grown < MOST_MEMORY
    assert tried.total() >= CASES
