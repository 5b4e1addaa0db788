"""Bodies of cats, dogs and horses as lists of filled outlines, for `draw.py` to fit, colour and paint.

Coordinates are (x, y) with y upwards and the ground at 0; a torso is about 1 long and the animal looks to the right.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from data.drawn.parts import Part, blob, mirrored, placed, shape, tube


class Build(NamedTuple):
    """Proportions of a body, in lengths of its torso; `hoof` says what it stands on."""

    leg: float
    chest: float
    waist: float
    thick: float
    hoof: bool = False


class Body(NamedTuple):
    """Parts beyond the torso, torso and what grows out of it, parts in front; the points where neck and tail start."""

    far: list[Part]
    near: list[Part]
    front: list[Part]
    neck: tuple[float, float]
    tail: tuple[float, float]


# ---- bodies that all three share -----------------------------------------------------------------------------------


def leg(role: str, x: float, top: float, step: float, build: Build, hind: bool) -> list[Part]:
    """Leg from (x, top) to the ground, its foot `step` further on."""
    knee, hock = (0.07, -0.07) if hind else (-0.03, 0.0)
    thick = build.thick * (1.35 if hind else 1.0)
    foot = x + step
    spine = [(x, top), (x + knee + 0.4 * step, 0.58 * top), (x + hock + 0.75 * step, 0.3 * top), (foot, 0.05)]
    limb = tube(role, spine, [thick * 1.25, thick * 0.85, build.thick * 0.5, build.thick * 0.45])
    half = build.thick * 0.55
    if build.hoof:
        return [limb, shape("dark", (foot - half, 0.09), (foot + half, 0.09), (foot + 1.5 * half, 0), (foot - half, 0))]
    return [limb, blob(role, foot + half, 0.04, 2 * half, 0.05)]


def standing(rng: np.random.Generator, build: Build) -> Body:
    """On four legs, resting or in mid-stride."""
    height = build.leg + 0.5 * build.waist
    step = rng.uniform(-0.22, 0.22)
    drop = rng.uniform(-0.03, 0.03)
    spine = [(-0.42, height + drop), (-0.1, height + 0.02), (0.2, height - 0.02), (0.42, height + 0.02)]
    torso = tube("skin", spine, [build.waist * 1.1, build.waist, build.chest, build.chest * 0.95])
    far = leg("far", -0.36, height, -step, build, hind=True) + leg("far", 0.44, height, step, build, hind=False)
    near = leg("skin", -0.42, height, step, build, hind=True) + leg("skin", 0.36, height, -step, build, hind=False)
    neck = (0.46, height + 0.45 * build.chest)
    return Body(far, [*near, torso], [], neck, (-0.42 - build.waist, height + drop + 0.4 * build.waist))


def sitting(rng: np.random.Generator, build: Build) -> Body:
    """Upright on its haunches, forelegs straight."""
    lean = rng.uniform(0.3, 0.5)
    top = 0.35 + build.leg * 0.7 + rng.uniform(-0.05, 0.05)
    spine = [(-0.2, 0.24), (-0.2 + 0.35 * lean, 0.24 + 0.4 * (top - 0.24)), (-0.2 + lean, top)]
    torso = tube("skin", spine, [build.waist * 1.25, build.chest * 1.1, build.chest * 0.85])
    thigh = blob("coat", -0.14, 0.21, 0.25, 0.19, 0.4)
    paw = blob("coat", 0.06, 0.045, 0.15, 0.05)
    front = -0.2 + lean
    far = leg("far", front + 0.1, top - 0.1, 0.03, build, hind=False)
    near = leg("skin", front, top - 0.1, 0.02, build, hind=False)
    return Body(far, [torso, *near], [paw, thigh], (front + 0.04, top + 0.3 * build.chest), (-0.4, 0.12))


def lying(rng: np.random.Generator, build: Build) -> Body:
    """On its belly, legs folded, forelegs stretched out in front."""
    height = build.chest * 0.9
    reach = rng.uniform(0.2, 0.35)
    spine = [(-0.42, height * 0.9), (0.0, height), (0.4, height + 0.08)]
    torso = tube("skin", spine, [build.waist * 1.1, build.chest, build.chest * 0.95])
    thigh = blob("coat", -0.34, height * 0.75, 0.24, height * 0.75, 0.3)
    slim = build.thick * 0.6
    shin = tube("coat", [(-0.42, 0.06), (-0.1, 0.05)], [slim, slim * 0.9])
    arms = [
        tube(role, [(0.3, height * 0.7), (0.5 + dx, slim), (0.5 + reach + dx, slim)], [slim * 1.5, slim, slim * 0.8])
        for role, dx in (("far", 0.1), ("coat", 0.0))
    ]
    feet = [shape("dark", *[(0.5 + reach + x, y) for x, y in ((0, 0), (0.1, 0), (0.08, 0.1), (0, 0.1))])]
    feet = feet if build.hoof else []
    return Body(
        arms[:1], [torso], [shin, thigh, arms[1], *feet], (0.46, height + 0.5 * build.chest), (-0.6, height * 0.7)
    )


# ---- heads: about 1 in radius, looking to the right ------------------------------------------------------------------


def cat_head(rng: np.random.Generator, turned_to_us: bool) -> list[Part]:
    """Round skull, pointed ears, slit pupils, short muzzle, whiskers."""
    ear, slit = rng.uniform(1.5, 1.85), rng.uniform(0.05, 0.11)
    fan = [(0.25, 0.12), (0.0, -0.08), (-0.22, -0.28)]
    if turned_to_us:
        side = [
            shape("coat", (0.98, 0.2), (0.9, ear), (0.1, 0.8)),
            shape("pink", (0.82, 0.5), (0.82, ear - 0.3), (0.36, 0.8)),
        ]
        eye = [blob("iris", 0.42, 0.12, 0.24, 0.2, 0.2), blob("dark", 0.42, 0.12, slit, 0.19)]
        cheek = [shape("whisker", (0.3, -0.34), (1.55, -0.36 + 2 * rise)) for rise, _ in fan]
        mouth = [shape("mouth", (0, -0.3), (0.02, -0.46), (0.24, -0.54))]
        skull = [blob("coat", 0, 0, 1.1, 0.92)]
        nose = [shape("pink", (-0.14, -0.16), (0.14, -0.16), (0, -0.32))]
        return mirrored(side) + skull + mirrored(eye + mouth) + nose + mirrored(cheek)
    return [
        shape("far", (-0.05, 0.7), (0.3, ear), (0.65, 0.6)),
        blob("coat", 0, 0, 1, 0.9),
        blob("coat", 0.66, -0.32, 0.4, 0.33),
        shape("coat", (-0.75, 0.45), (-0.4, ear + 0.05), (0.25, 0.8)),
        shape("pink", (-0.5, 0.65), (-0.36, ear - 0.25), (0.05, 0.8)),
        blob("iris", 0.46, 0.12, 0.23, 0.2, 0.2),
        blob("dark", 0.5, 0.12, slit, 0.18),
        shape("pink", (1.02, -0.08), (1.22, -0.14), (1.08, -0.3)),
        shape("mouth", (1.1, -0.3), (0.95, -0.46), (0.7, -0.44)),
        *[shape("whisker", (0.8, -0.32), (2.0, -0.3 + 2 * rise)) for rise, _ in fan],
        *[shape("whisker", (0.7, -0.36), (-0.25, -0.5 + 2 * drop)) for _, drop in fan],
    ]


def dog_head(rng: np.random.Generator, turned_to_us: bool) -> list[Part]:
    """Ears that hang or fold over, a long muzzle with a big dark nose, sometimes the tongue."""
    muzzle, hang = rng.uniform(1.25, 1.8), rng.uniform(0.5, 1.05)
    ear_role = rng.choice(["coat", "hair"])
    folded, panting = rng.random() < 0.2, rng.random() < 0.5
    if turned_to_us:
        flop = tube(ear_role, [(0.6, 0.75), (1.05, 0.35), (1.12, 0.1 - hang)], [0.25, 0.34, 0.26])
        fold = shape(ear_role, (0.3, 0.85), (0.75, 1.4), (1.35, 0.75), (1.0, 0.7), (0.85, 0.45))
        eye = [blob("dark", 0.38, 0.22, 0.14, 0.15), blob("pale", 0.42, 0.28, 0.05, 0.05)]
        tongue = [tube("pink", [(0, -0.95), (0.03, -1.45)], [0.2, 0.22])] if panting else []
        skull = [blob("coat", 0, 0.1, 0.92, 0.95), *tongue, blob("coat", 0, -0.5, 0.6, 0.62)]
        nose = [blob("dark", 0, -0.3, 0.32, 0.22)]
        mouth = [shape("mouth", (0, -0.5), (0, -0.8), (0.35, -0.9))]
        return skull + mirrored([fold if folded else flop]) + mirrored(eye + mouth) + nose
    flop = tube(ear_role, [(-0.25, 0.65), (-0.6, 0.2), (-0.5, 0.0 - hang)], [0.26, 0.42, 0.28])
    fold = shape(ear_role, (-0.7, 0.5), (-0.45, 1.35), (0.1, 1.25), (0.55, 0.75), (0.1, 0.8), (-0.1, 0.5))
    tongue = tube("pink", [(muzzle * 0.75, -0.6), (muzzle * 0.82, -1.25)], [0.17, 0.2])
    return [
        blob("coat", 0, 0, 1, 0.88),
        *([tongue] if panting else []),
        tube("coat", [(0.25, -0.1), (0.9, -0.25), (muzzle, -0.32)], [0.66, 0.5, 0.36]),
        blob("dark", muzzle + 0.25, -0.12, 0.24, 0.2),
        shape("mouth", (muzzle + 0.2, -0.42), (muzzle - 0.2, -0.55), (0.75, -0.5)),
        blob("dark", 0.5, 0.28, 0.14, 0.14),
        blob("pale", 0.54, 0.33, 0.05, 0.05),
        fold if folded else flop,
    ]


def horse_head(rng: np.random.Generator, turned_to_us: bool) -> list[Part]:
    """Long and narrow, small upright ears, a forelock; seen from the side it points along +x."""
    length, ear = rng.uniform(2.3, 2.8), rng.uniform(1.05, 1.3)
    blaze = rng.random() < 0.4
    if turned_to_us:
        side = [shape("coat", (0.12, 0.75), (0.42, ear + 0.4), (0.6, 0.55))]
        face = [tube("coat", [(0, 0.4), (0, -0.5), (0, 0.35 - length)], [0.62, 0.56, 0.4])]
        star = [tube("pale", [(0, 0.2), (0, -1.2)], [0.14, 0.1])] if blaze else []
        eye = [blob("dark", 0.48, 0.05, 0.11, 0.16), blob("dark", 0.2, 0.2 - length, 0.09, 0.12)]
        lock = [shape("hair", (-0.35, 0.95), (0.35, 0.95), (0.2, 0.2), (0.0, 0.45), (-0.15, 0.05))]
        return mirrored(side) + face + star + mirrored(eye) + lock
    return [
        shape("far", (0.0, 0.4), (-0.05, ear), (0.3, 0.45)),
        tube("coat", [(0, 0), (0.7, -0.02), (length - 0.35, 0.05), (length, 0.02)], [0.56, 0.56, 0.34, 0.33]),
        *([tube("pale", [(0.7, 0.42), (length - 0.4, 0.3)], [0.12, 0.08])] if blaze else []),
        shape("coat", (-0.4, 0.35), (-0.3, ear + 0.1), (0.1, 0.5)),
        blob("dark", 0.62, 0.2, 0.14, 0.12),
        blob("dark", length + 0.12, 0.15, 0.11, 0.08),
        shape("mouth", (length + 0.2, -0.12), (length - 0.4, -0.12)),
        shape("hair", (-0.3, 0.5), (0.1, 0.62), (0.65, 0.5), (0.25, 0.3)),
    ]


# ---- the three animals -------------------------------------------------------------------------------------------


def ahead(start: tuple[float, float], angle: float, length: float) -> tuple[float, float]:
    """The point `length` from `start` in the direction of `angle`."""
    return start[0] + length * np.cos(angle), start[1] + length * np.sin(angle)


def pose(rng: np.random.Generator, build: Build, chances: Sequence[float]) -> Body:
    """Standing, sitting or lying, with the given chances."""
    return (standing, sitting, lying)[rng.choice(3, p=chances)](rng, build)


def cat(rng: np.random.Generator) -> list[Part]:
    """Slender, with a long thin tail."""
    build = Build(rng.uniform(0.36, 0.5), rng.uniform(0.17, 0.21), rng.uniform(0.16, 0.2), rng.uniform(0.075, 0.09))
    body = pose(rng, build, (0.48, 0.37, 0.15))
    neck = rng.uniform(-0.1, 1.2)
    head_at = ahead(body.neck, neck, 0.3)
    head = placed(cat_head(rng, rng.random() < 0.55), head_at, rng.uniform(0.29, 0.34), rng.uniform(-0.25, 0.2))
    x, y = body.tail
    rise, curl = rng.uniform(-0.1, 0.85), rng.uniform(-0.25, 0.2)
    spine = [
        (x + 0.12, y),
        (x - 0.1, y + 0.1 * rise),
        (x - 0.27, max(y + 0.5 * rise, 0.06)),
        (x - 0.25 - curl, max(y + rise, 0.06)),
        (x - 0.3 - curl * 1.8, max(y + rise + 0.15, 0.1)),
    ]
    tail = tube("coat", spine, [0.06, 0.055, 0.05, 0.05, 0.04])
    throat = tube("skin", [body.neck, head_at], [build.chest * 0.75, 0.15])
    return [*body.far, tail, *body.near, throat, *body.front, *head]


def dog(rng: np.random.Generator) -> list[Part]:
    """Sturdy, deep in the chest, with a tail that tapers."""
    build = Build(rng.uniform(0.36, 0.62), rng.uniform(0.22, 0.28), rng.uniform(0.17, 0.23), rng.uniform(0.1, 0.13))
    body = pose(rng, build, (0.6, 0.28, 0.12))
    sniffing = not body.front and rng.random() < 0.2  # standing; else its head would be in chest or ground
    neck = rng.uniform(-0.6, -0.2) if sniffing else rng.uniform(0.5, 1.25)
    head_at = ahead(body.neck, neck, rng.uniform(0.32, 0.44))
    tilt = rng.uniform(-0.6, -0.2) if sniffing else rng.uniform(-0.25, 0.2)
    head = placed(dog_head(rng, rng.random() < 0.4), head_at, rng.uniform(0.24, 0.29), tilt)
    x, y = body.tail
    angle, curl, length = rng.uniform(1.3, 3.4), rng.uniform(-0.7, 0.7), rng.uniform(0.2, 0.32)
    middle = ahead((x, y), angle, length)
    end = ahead(middle, angle + curl, length)
    spine = [(px, max(py, 0.06)) for px, py in ((x + 0.14, y - 0.02), middle, end)]
    tail = tube("coat", spine, [0.09, 0.07, 0.03])
    throat = tube("skin", [body.neck, head_at], [build.chest * 0.8, 0.15])
    return [*body.far, tail, *body.near, throat, *body.front, *head]


def horse(rng: np.random.Generator) -> list[Part]:
    """Long neck with a mane, long thin legs on hooves, a tail of hair."""
    leg_length, thick = rng.uniform(0.78, 0.98), rng.uniform(0.08, 0.1)
    build = Build(leg_length, rng.uniform(0.22, 0.27), rng.uniform(0.2, 0.25), thick, hoof=True)
    body = pose(rng, build, (0.96, 0.0, 0.04))
    grazing = not body.front and rng.random() < 0.3
    angle = rng.uniform(-0.95, -0.6) if grazing else rng.uniform(0.55, 1.1)
    length = rng.uniform(0.65, 0.8) if grazing else rng.uniform(0.55, 0.7)
    middle = ahead(body.neck, angle - 0.2, length * 0.5)
    poll = ahead(body.neck, angle, length)
    tilt = rng.uniform(-1.3, -0.9) if grazing else rng.uniform(-1.0, -0.45)
    front = not body.front and not grazing and rng.random() < 0.3
    head = placed(horse_head(rng, front), poll, rng.uniform(0.22, 0.26), rng.uniform(-0.15, 0.15) if front else tilt)
    root = (body.neck[0] - 0.08, body.neck[1] - 0.05)
    throat = tube("skin", [root, middle, poll], [build.chest * 0.85, 0.17, 0.12])
    up = np.array([-np.sin(angle), np.cos(angle)])
    crest = np.array([root, middle, poll]) + up * [[0.18], [0.14], [0.1]]
    mane = tube("hair", crest, [0.05, rng.uniform(0.07, 0.11), 0.07])
    x, y = body.tail
    sway = rng.uniform(-0.05, 0.25)
    spine = [(x + 0.1, y), (x - 0.08, y - 0.05), (x - 0.1 - sway * 0.6, y * 0.55), (x - 0.08 - sway, y * 0.2)]
    tail = tube("hair", spine, [0.05, 0.07, rng.uniform(0.09, 0.13), 0.03])
    return [*body.far, tail, *body.near, throat, *body.front, mane, *head]


ANIMALS = {"cat": cat, "dog": dog, "horse": horse}
