from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from study.pages import figures as pages_figures
from study.tasks import figures as task_figures
from study.train import figures as train_figures

pytestmark = pytest.mark.filterwarnings("error::UserWarning")
LONG = "a very long class name that somebody copied out of a catalogue " * 4


def picture(path):
    with Image.open(path) as image:
        assert image.format == "PNG"
        pixels = np.asarray(image.convert("RGB"))
    assert 300 <= min(pixels.shape[:2]) <= max(pixels.shape[:2]) <= 10_000
    assert pixels.std() > 5  # not a blank sheet
    return pixels


def test_only_whole_numbers_are_marked_also_where_there_is_one():
    for epochs in ([1], [1, 2, 3], range(1, 60)):
        _, ax = pages_figures.plt.subplots()
        ax.plot(epochs, epochs)
        pages_figures.whole_numbers(ax)
        assert all(tick == int(tick) for tick in ax.get_xticks())
        pages_figures.plt.close()


def confusion(names, path, matrix=None):
    n = len(names)
    matrix = np.eye(n, dtype=int) * 40 + 1 if matrix is None else matrix
    task_figures.confusion(np.asarray(matrix).tolist(), names, "Test part", path)
    return picture(path)


def history(epochs, stages=("scratch",)):
    rows = []
    for stage in stages:
        for _ in range(epochs):
            at = len(rows) + 1
            figures = {"loss": 1 / at, "accuracy": 1 - 0.5 / at, "val_loss": 1.2 / at, "val_accuracy": 1 - 0.6 / at}
            rows.append({"epoch": at, "stage": stage, **figures})
    return rows


def wrong(count, label="cat", path="cat/1.jpg", predicted="dog"):
    rng = np.random.default_rng(0)
    entry = {"label": label, "predicted": predicted, "farthest": predicted, "probability": 0.9, "path": path}
    return [entry | {"pixels": rng.integers(0, 256, (32, 32, 3), np.uint8)} for _ in range(count)]


def mistakes(entries, total, path):
    task_figures.mistakes(entries, total, path)
    return picture(path)


NAMES = {
    "plain": ["cat", "dog", "horse"],
    "Japanese": ["柴犬", "三毛猫", "ウマ"],
    "mixed": ["猫 cat", "naïve", "Ελλάδα"],
    "long": ["cat", LONG, "horse"],
    "all long": [LONG, LONG + "2", LONG + "3"],
    "dollars": ["$5 or $10", "a_$_b_$_c", "$\\frac$"],
    "emoji": ["😺", "🐶", "🐴"],
}


@pytest.fixture(params=NAMES)
def names(request):
    return NAMES[request.param]


def test_confusion_of_any_names(names, tmp_path):
    confusion(names, tmp_path / "a.png")


def test_mistakes_of_any_names(names, tmp_path):
    mistakes(wrong(7, names[1], f"{names[1]}/{names[2]}.jpg", names[0]), 7, tmp_path / "a.png")


def test_japanese_is_drawn_not_boxes(tmp_path):
    one = confusion(["犬", "猫"], tmp_path / "a.png")
    other = confusion(["馬", "鳥"], tmp_path / "b.png")
    assert one.shape == other.shape
    assert (one != other).any()  # a missing glyph is the same box for every character


def test_a_long_name_leaves_room_for_the_matrix(tmp_path):
    red, _, blue = np.moveaxis(confusion(["cat", LONG, "horse"], tmp_path / "a.png").astype(int), -1, 0)
    assert ((red < 40) & (blue - red > 60)).sum() > 3000  # the three dark cells, 32 × 32 pixels each at the least


@pytest.mark.parametrize("count", [2, 3, 8, pytest.param(150, marks=pytest.mark.slow)])
def test_names_stand_clear_of_each_other_and_at_their_cells(count, tmp_path, monkeypatch):
    figures = []
    monkeypatch.setattr(task_figures, "save", lambda figure, path: figures.append(figure))
    task_figures.confusion(
        np.eye(count, dtype=int).tolist(), [f"golden_retriever_{i}" for i in range(count)], "Test", tmp_path
    )
    (figure,) = figures
    figure.draw_without_rendering()
    ax, pixel = figure.axes[0], figure.axes[0].transData.transform
    down = [text.get_window_extent() for text in ax.get_yticklabels()]
    assert all(above.y0 >= below.y1 - 1 for above, below in pairwise(down))
    across = [text.get_window_extent() for text in ax.get_xticklabels()]
    for at, box in enumerate(across):  # a turned name ends below its cell
        end = box.x1 if ax.get_xticklabels()[at].get_rotation() else (box.x0 + box.x1) / 2
        assert abs(end - pixel((at, 0))[0]) < max(12, 0.6 * (pixel((1, 0)) - pixel((0, 0)))[0])
    if not ax.get_xticklabels()[0].get_rotation():
        assert all(one.x1 <= other.x0 for one, other in pairwise(across))
    pages_figures.plt.close(figure)


@pytest.mark.parametrize("classes", [2, 6, pytest.param(40, marks=pytest.mark.slow)])
def test_confusion_grows_with_the_classes(classes, tmp_path):
    pixels = confusion([f"class {i}" for i in range(classes)], tmp_path / "a.png")
    assert min(pixels.shape[:2]) > 20 * classes


def test_the_matrix_shows_its_numbers(tmp_path):
    one = confusion(["a", "b"], tmp_path / "a.png", [[3, 1], [0, 4]])
    other = confusion(["a", "b"], tmp_path / "b.png", [[3, 1], [1, 3]])
    assert (one != other).any()


def test_a_class_without_test_images_is_drawn(tmp_path):
    confusion(["a", "b"], tmp_path / "a.png", [[3, 1], [0, 0]])


@pytest.mark.parametrize(
    ("rows", "kept"),
    [
        (history(1), 1),
        (history(24), 20),
        (history(5, ("head", "finetune")), 7),
        (history(1, ("head", "finetune")), 1),
        (history(200), 150),
    ],
)
def test_curves(rows, kept, tmp_path):
    train_figures.curves(rows, kept, tmp_path / "a.png")
    picture(tmp_path / "a.png")


def test_curves_tell_which_epoch_was_kept(tmp_path):
    for kept in (2, 4):
        train_figures.curves(history(5), kept, tmp_path / f"{kept}.png")
    assert (picture(tmp_path / "2.png") != picture(tmp_path / "4.png")).any()


@pytest.mark.parametrize(("count", "total"), [(0, 0), (1, 1), (5, 5), (20, 20), (20, 300)])
def test_mistakes(count, total, tmp_path):
    pixels = mistakes(wrong(count), total, tmp_path / "a.png") if count else None
    if not count:
        task_figures.mistakes([], 0, tmp_path / "a.png")
        pixels = np.asarray(Image.open(tmp_path / "a.png").convert("RGB"))
    rows = -(-count // 5)
    assert pixels.shape[1] == 1080  # a page's width
    assert pixels.min() < 100  # it says something
    assert 200 * rows < pixels.shape[0] < 400 * rows + 100


def test_drawing_leaves_no_figure_and_no_style_behind(tmp_path):
    before, open_figures = dict(pages_figures.mpl.rcParams), pages_figures.plt.get_fignums()
    confusion(["a", "b"], tmp_path / "a.png")
    mistakes(wrong(3), 3, tmp_path / "b.png")
    train_figures.curves(history(3), 2, tmp_path / "c.png")
    assert pages_figures.plt.get_fignums() == open_figures
    assert dict(pages_figures.mpl.rcParams) == before


def test_a_confusion_matrix_in_thousands_has_the_colours_of_the_counts(tmp_path):
    counts = [[2_000_000, 1000], [400, 600]]
    task_figures.confusion(counts, ["a", "b"], "", tmp_path / "one.png")
    task_figures.confusion(counts, ["a", "b"], "", tmp_path / "thousands.png", unit=1000)
    one, thousands = (np.asarray(Image.open(tmp_path / name).convert("RGB")) for name in ("one.png", "thousands.png"))
    assert one.shape == thousands.shape
    assert (one == thousands).all(axis=2).mean() > 0.97  # all but the numbers
