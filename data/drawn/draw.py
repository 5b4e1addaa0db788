"""A data set drawn on the spot: cats, dogs and horses that cost no download and no licence.

Body plans come from `animals.py`; here they are fitted into an image, coloured, lit, partly hidden and saved.
Coat, colours, background, light, size, place and direction are drawn alike for every class: only the body tells.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from data.drawn.animals import ANIMALS, Part

VERSION = 1  # in the cache folder's name: raise it whenever a seed's image changes
FACINGS = ("left", "right")
COATS = ("plain", "spotted", "striped", "two-tone")
COLUMNS = ("path", "label", "facing", "coat", "left", "top", "right", "bottom")
FINE = 2  # drawn this many times larger, then averaged: smooth edges

FURS = np.array(
    [(40, 36, 36), (84, 58, 42), (132, 82, 46), (188, 130, 76), (214, 182, 132), (236, 228, 214), (138, 136, 136)]
)
IRISES = [(226, 196, 60), (150, 190, 80), (120, 170, 200), (170, 110, 50)]
SCENES = [
    ((168, 200, 230), (96, 140, 66)),  # sky over grass
    ((206, 212, 216), (168, 150, 110)),  # overcast over sand
    ((220, 208, 186), (140, 100, 66)),  # wall over floorboards
    ((150, 170, 166), (112, 110, 116)),  # wall over concrete
    ((232, 200, 170), (120, 130, 80)),  # evening over a field
]
FILLED = {
    "far": 1,
    "coat": 2,
    "skin": 2,
    "hair": 4,
    "dark": 5,
    "pink": 6,
    "pale": 7,
    "iris": 8,
}  # role -> palette index
EDGE, WHISKER = 3, 9
# For Image.point, by role number: what is painted, what is fur, and how dark it is where it is far, near or an edge.
IN_ANIMAL = [0] + [255] * 255
IN_FUR = [0, 255, 255, 255] + [0] * 252
FUR_SHADOW = [0, 90, 0, 140] + [0] * 252
IN_MASK = [0] + [255] * (WHISKER - 1) + [0] * (256 - WHISKER)  # a whisker is too thin to count


@dataclass(frozen=True)
class Drawing:
    """One image with everything known about it.

    `image` is RGB; `mask` is L, of the same size, 255 where the animal is visible; `facing` is the side its body
    looks to, in the image; `box` is (left, top, right, bottom) of the visible animal in pixels, right and bottom
    exclusive.
    """

    image: Image.Image
    mask: Image.Image
    label: str
    facing: str
    coat: str
    box: tuple[int, int, int, int]


def draw(label: str, seed: int, size: int = 128) -> Drawing:
    """Draw one image of size × size pixels; the same (label, seed, size) gives the same image.

    Raises ValueError for an unknown label, a negative seed or a size below 16.
    """
    if label not in ANIMALS:
        raise ValueError(f"unknown label {label!r}: there are {', '.join(ANIMALS)}")
    if size < 16:
        raise ValueError(f"size is {size}: an image needs at least 16 pixels a side")
    rng = np.random.default_rng([list(ANIMALS).index(label), seed])
    facing, coat = FACINGS[rng.integers(2)], COATS[rng.integers(4)]
    canvas = size * FINE
    parts = fitted(ANIMALS[label](rng), facing, canvas, rng)
    image, mask = background(canvas, rng), Image.new("L", (canvas, canvas))
    paint(image, mask, parts, coat, rng)
    hide(image, mask, rng)
    mask = mask.reduce(FINE).point([0] * 128 + [255] * 128)
    return Drawing(photographed(image.reduce(FINE), rng), mask, label, facing, coat, mask.getbbox())


# ---- one image ---------------------------------------------------------------------------------------------------


def fitted(parts: list[Part], facing: str, canvas: int, rng: np.random.Generator) -> list[Part]:
    """Tilt, face, scale and place the body; size and place have the same distribution for every class."""
    tilt, squeeze = rng.uniform(-0.08, 0.08), rng.uniform(0.88, 1.12)
    sign = 1 if facing == "right" else -1
    turn = np.array([[sign * squeeze, tilt], [sign * tilt, -1.0]])  # pixels count downwards, bodies upwards
    every = np.concatenate([part.points for part in parts if part.role in FILLED]) @ turn
    low, high = every.min(axis=0), every.max(axis=0)
    extent = high - low
    scale = min(rng.uniform(0.68, 0.88) * canvas / np.sqrt(extent.prod()), 0.96 * canvas / extent.max())
    start = rng.uniform(0.15, 0.85, size=2) * (canvas - scale * extent)
    return [Part(part.role, (part.points @ turn - low) * scale + start) for part in parts]


def background(canvas: int, rng: np.random.Generator) -> Image.Image:
    """A field or a room, a smooth gradient, or clutter; RGB, canvas × canvas."""
    upper, lower = (varied(colour, 14, rng) for colour in SCENES[rng.integers(len(SCENES))])
    kind = rng.choice(["scene", "gradient", "clutter"], p=[0.6, 0.24, 0.16])
    rows = np.linspace(0, 1, canvas)[:, None]
    blend = rows if kind == "gradient" else (rows > rng.uniform(0.25, 0.75)) * 0.85 + rows * 0.15
    column = (upper + (lower - upper) * blend).astype(np.uint8)[:, None]
    image = Image.fromarray(column).resize((canvas, canvas), Image.Resampling.NEAREST)
    pen = ImageDraw.Draw(image)
    for _ in range({"scene": 5, "gradient": 0, "clutter": 14}[kind]):
        x, y = rng.uniform(-0.1, 1, 2) * canvas
        width, height = rng.uniform(0.04, 0.35, 2) * canvas
        near = column[min(max(int(y + height / 2), 0), canvas - 1), 0]
        colour = tuple(varied(near, 10 if kind == "scene" else 16, rng).astype(int).tolist())
        (pen.ellipse if rng.random() < 0.5 else pen.rectangle)((x, y, x + width, y + height), fill=colour)
    return image


def varied(colour: Sequence[int], spread: float, rng: np.random.Generator) -> np.ndarray:
    """The colour with another hue, by `spread`, and another brightness; (3,) within 0 … 255."""
    return np.clip(np.asarray(colour) + rng.normal(0, spread, 3) + rng.normal(0, 17), 0, 255)


def paint(image: Image.Image, mask: Image.Image, parts: list[Part], coat: str, rng: np.random.Generator) -> None:
    """Put the animal on the image and into the mask: role numbers first, then a colour for each role."""
    roles = traced(parts, image.size)
    mask.paste(roles.point(IN_MASK))
    base, second = distinct(rng)
    box = roles.getbbox()
    roles = roles.crop(box)
    coloured = roles.copy()
    coloured.putpalette(palette(base, second, rng))
    coloured = coloured.convert("RGB")
    fur = pattern(coat, roles.size, base, second, rng)
    fur.paste((0, 0, 0), mask=roles.point(FUR_SHADOW))
    coloured.paste(fur, mask=roles.point(IN_FUR))
    image.paste(coloured, box, mask=roles.point(IN_ANIMAL))


def traced(parts: list[Part], size: tuple[int, int]) -> Image.Image:
    """The role number of every pixel (L; 0 is background), later parts over earlier ones."""
    roles = Image.new("L", size)
    pen = ImageDraw.Draw(roles)
    line = max(1, round(size[0] / 128))
    for skin, group in groupby(parts, key=lambda part: part.role == "skin"):
        group = [(part.role, part.points.ravel().tolist()) for part in group]
        for batch in [group] if skin else [[one] for one in group]:  # all lines of the skin before its fillings
            for role, points in batch:
                number = WHISKER if role == "whisker" else EDGE
                pen.line(points + points[:2] * (role in FILLED), fill=number, width=line * (1 + (role in FILLED)))
            for role, points in batch:
                if role in FILLED:
                    pen.polygon(points, fill=FILLED[role])
    return roles


def distinct(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Two furs that can be told apart."""
    base = FURS[rng.integers(len(FURS))]
    others = FURS[np.abs(FURS - base).sum(axis=1) > 130]
    return base, others[rng.integers(len(others))]


def palette(base: np.ndarray, second: np.ndarray, rng: np.random.Generator) -> list[int]:
    """Red, green, blue of every role number, one after the other."""
    table = np.zeros((WHISKER + 1, 3), dtype=int)
    table[FILLED["hair"]] = second * 0.8 if rng.random() < 0.5 else base * 0.65
    table[FILLED["dark"]] = rng.integers(15, 45, 3)
    table[FILLED["pink"]] = (216, 130, 130)
    table[FILLED["pale"]] = (238, 234, 226)
    table[FILLED["iris"]] = IRISES[rng.integers(len(IRISES))]
    table[WHISKER] = 240 if base.mean() < 150 else 50
    return table.ravel().tolist()


def pattern(
    coat: str, size: tuple[int, int], base: np.ndarray, second: np.ndarray, rng: np.random.Generator
) -> Image.Image:
    """The fur as a sheet of cloth, RGB, from which a body of this size is cut; marks grow with the body."""
    fur, other = tuple(base.tolist()), tuple(second.tolist())
    sheet = Image.new("RGB", size, fur)
    pen = ImageDraw.Draw(sheet)
    width, height = size
    unit = np.sqrt(width * height)
    if coat == "spotted":
        for x, y, radius in (rng.uniform((0, 0, 0.02), (1, 1, 0.055), (45, 3)) * (width, height, unit)).tolist():
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=other)
    elif coat == "striped":
        gap, lean = rng.uniform(0.09, 0.14) * unit, rng.uniform(-0.3, 0.3) * unit
        for x in np.arange(-abs(lean), width + abs(lean), gap):
            wave = rng.uniform(-0.2, 0.2, 3) * gap
            bent = [(x + wave[0], 0), (x + 0.5 * lean + wave[1], height / 2), (x + lean + wave[2], height)]
            pen.line(bent, fill=other, width=round(0.4 * gap))
    elif coat == "two-tone":
        edge = rng.uniform(0.5, 0.65) * height + rng.uniform(-0.05, 0.05, 5) * unit
        upper = zip(np.linspace(0, width, 5), edge, strict=True)
        pen.polygon([*upper, (width, height), (0, height)], fill=other)
    return sheet


def hide(image: Image.Image, mask: Image.Image, rng: np.random.Generator) -> None:
    """In three images of ten, put grass, a fence or a box in front of the animal, and take it out of the mask."""
    kind = rng.choice(["none", "grass", "fence", "box"], p=[0.7, 0.12, 0.09, 0.09])
    pens = ImageDraw.Draw(image), ImageDraw.Draw(mask)
    left, top, right, bottom = mask.getbbox()
    width, height = right - left, bottom - top
    colour = rng.integers((60, 60, 30), (170, 170, 110))
    shapes = []
    if kind == "grass":
        for x, lean, tall in rng.uniform((left, -0.08, 0.05), (right, 0.08, 0.22), (30, 3)).tolist():
            tip, foot = (x + lean * height, bottom - tall * height), 0.012 * width
            shapes.append([(x - foot, bottom + foot), tip, (x + foot, bottom + foot)])
    elif kind == "fence":
        thick, rail, gap = 0.05 * height, top + rng.uniform(0.5, 0.85) * height, rng.uniform(0.5, 0.7) * width
        shapes = [[(0, rail), (image.width, rail), (image.width, rail + thick), (0, rail + thick)]]
        for x in np.arange(left + rng.uniform(-0.3, 0.4) * width, right, gap):
            head, foot = rail - 2 * thick, max(bottom, rail + 2 * thick) + thick
            shapes.append([(x, head), (x + thick, head), (x + thick, foot), (x, foot)])
    elif kind == "box":
        x, wide, tall = left + rng.uniform(-0.1, 0.75) * width, 0.35 * width, rng.uniform(0.15, 0.35) * height
        shapes = [[(x, bottom - tall), (x + wide, bottom - tall), (x + wide, bottom + 3), (x, bottom + 3)]]
    for outline in shapes:
        fill = tuple((colour * rng.uniform(0.8, 1.2)).astype(int).tolist())
        pens[0].polygon(outline, fill=fill)
        pens[1].polygon(outline, fill=0)


def photographed(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Light from a random side, exposure, a colour cast, sometimes a soft focus, and sensor noise."""
    if rng.random() < 0.3:
        image = image.filter(ImageFilter.BoxBlur(rng.uniform(0.2, 0.6)))
    size = image.width
    slope = rng.uniform(-0.25, 0.25, 2).astype(np.float32)
    ramp = np.linspace(-1, 1, size, dtype=np.float32)
    light = rng.uniform(0.78, 1.15) + slope[0] * ramp[:, None] + slope[1] * ramp
    pixels = np.asarray(image, dtype=np.float32) * light[..., None] * rng.uniform(0.92, 1.08, 3).astype(np.float32)
    pixels += rng.standard_normal((size, size, 1), dtype=np.float32) * rng.uniform(1, 6)
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
