"""The page in headless Chromium: it answers as the program does, and no request leaves it."""

import base64
import json

import numpy as np
import pytest
from helpers import TOY_CLASSES, call, toy_image
from in_browser import SPOIL, answers_after, close_camera, give, kept, use_camera
from PIL import Image
from run_files import shares, table

from data import image

SQUARE = """
const [name, size, rule, done] = arguments;
const file = window.given.find((one) => one.name === name);
squareOf(file, size, rule).then((bytes) => {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  done(btoa(text));
}, (error) => done(`error: ${error}`));
"""


@pytest.fixture(scope="session")
def pages(run, package, tmp_path_factory):
    """A function that makes the page of the trained run, once for some flags."""
    made = {}

    def make(*flags):
        if flags not in made:
            file = tmp_path_factory.mktemp("page") / "toy.html"
            ran = call("page", run, "--out", file, "--runtime", package, *flags)
            assert ran.code == 0, ran.err
            made[flags] = file
        return made[flags]

    return make


@pytest.fixture
def opened(pages, browser):
    """A function that opens a page; what it is given is kept for the test."""

    def open_page(*flags):
        browser.get_log("performance"), browser.get_log("browser")  # of the page before
        browser.get(pages(*flags).as_uri())
        return kept(browser)

    return open_page


def photo(width, height, seed=0):
    """An image with large shapes, fine lines and noise."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    waves = np.stack([np.sin(x / 37 + y / 91), np.cos(x / 3), np.sin(y / 11) * np.cos(x / 5)], -1)
    return Image.fromarray(np.clip(128 + 70 * waves + rng.normal(0, 12, waves.shape), 0, 255).astype(np.uint8))


def test_it_answers_as_predict_does_and_no_request_leaves_it(opened, run, tmp_path):
    files = []
    for number, label in enumerate(TOY_CLASSES * 2):
        files.append(tmp_path / f"{label} {number}.png")
        toy_image(label, 500 + number).save(files[-1])
    for name in ("unlike.png", "unlike.jpg"):
        photo(120, 75).save(tmp_path / name, quality=95)
        files.append(tmp_path / name)
    window = opened()
    answers = give(window, *files)
    assert call("predict", "--run", run, *files, "--csv", tmp_path / "out.csv").code == 0
    for row in table(tmp_path / "out.csv"):
        (one,) = answers[row["path"].rpartition("/")[2]]["predictions"]
        assert one["probabilities"] == pytest.approx(list(shares(row)), abs=1e-3)
        assert (one["predicted"], one["verdict"]) == (row["predicted"], row["verdict"])
        assert one["distance"] == pytest.approx(float(row["distance"]), abs=1e-3)
    asked = [json.loads(line["message"])["message"] for line in window.get_log("performance")]
    addresses = [one["params"]["request"]["url"] for one in asked if one["method"] == "Network.requestWillBeSent"]
    assert addresses
    assert {address.partition(":")[0] for address in addresses} <= {"file", "blob", "data"}
    assert sum(address.startswith("file:") for address in addresses) == 1  # the page itself
    assert window.get_log("browser") == []  # nothing that its policy refused
    assert window.find_element("id", "count").text == f"{len(files)} of {len(files)} images answered"


def test_of_several_labels_it_names_those_that_predict_names(several_run, several, package, browser, tmp_path):
    file = tmp_path / "several.html"
    ran = call("page", several_run, "--out", file, "--runtime", package, "--examples", 0)
    assert ran.code == 0, ran.err
    browser.get(file.as_uri())
    files = sorted(several.parent.glob("*.png"))[:12]
    answers = give(kept(browser), *files)
    assert call("predict", "--run", several_run, *files, "--csv", tmp_path / "out.csv").code == 0
    rows = table(tmp_path / "out.csv")
    for row in rows:
        (one,) = answers[row["path"].rpartition("/")[2]]["predictions"]
        assert one["predicted"] == (row["predicted"].split("|") if row["predicted"] else [])
    assert len({row["predicted"] for row in rows}) > 2
    shown = {one.text for one in browser.find_elements("css selector", ".cards figcaption b")}
    assert {", ".join(row["predicted"].split("|")) if row["predicted"] else "none" for row in rows} == shown


def test_it_may_not_open_a_connection(opened):
    window = opened()
    said = window.execute_async_script(
        "const done = arguments[0]; const made = document.createElement('img');"
        "document.addEventListener('securitypolicyviolation', (event) => done(event.effectiveDirective));"
        "made.src = 'http://127.0.0.1:9/seen.png'; document.body.append(made);"
    )
    assert said == "img-src"
    window.get_log("browser")


@pytest.mark.parametrize("rule", ["crop", "pad", "squash"])
@pytest.mark.parametrize(
    ("name", "width", "height", "most", "mean"),
    [
        ("small.png", 20, 31, 0, 0),
        ("same.png", 32, 32, 0, 0),
        ("narrow.png", 25, 44, 0, 0),  # of which Pillow 13 takes the height first
        ("narrow.jpg", 25, 44, 2, 0.1),
        ("tall.png", 60, 300, 0, 0),
        ("wide.png", 301, 200, 0, 0),
        ("large.png", 1700, 1201, 0, 0),  # more than six times as large, where Pillow takes means first
        ("photo.jpg", 120, 75, 2, 0.1),
        ("large.jpg", 640, 424, 6, 0.5),  # which the program lets its decoder make smaller
        ("huge.jpg", 2001, 1333, 8, 0.5),
    ],
)
def test_it_makes_the_pixels_that_the_program_makes(opened, tmp_path, rule, name, width, height, most, mean):
    photo(width, height).save(tmp_path / name, quality=90)
    window = opened()
    give(window, tmp_path / name)
    found = window.execute_async_script(SQUARE, name, 32, rule)
    pixels = np.frombuffer(base64.b64decode(found), np.uint8).reshape(32, 32, 3)
    expected = image.load((tmp_path / name).read_bytes(), 32, rule)
    apart = np.abs(pixels.astype(int) - expected)
    assert (apart.max() <= most, apart.mean() <= mean) == (True, True), (apart.max(), apart.mean())


def test_it_sees_images_upright_and_lays_transparent_ones_over_white_or_black(opened, tmp_path):
    for turn in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = turn
        photo(60, 40).save(tmp_path / f"turned {turn}.jpg", exif=exif, quality=95)
    alpha = Image.fromarray(np.tile(np.linspace(0, 255, 60).astype(np.uint8), (40, 1)))
    dark, pale = photo(60, 40), Image.new("RGB", (60, 40), "white")
    for name, one in (("dark.png", dark), ("pale.png", pale)):
        one.putalpha(alpha)
        one.save(tmp_path / name)
    window, files = opened(), sorted(tmp_path.iterdir())
    give(window, *files)
    for file in files:
        found = window.execute_async_script(SQUARE, file.name, 32, "pad")
        pixels = np.frombuffer(base64.b64decode(found), np.uint8).reshape(32, 32, 3)
        apart = np.abs(pixels.astype(int) - image.load(file.read_bytes(), 32, "pad"))
        assert apart.max() <= 3, (file.name, apart.max())


def test_a_file_that_is_no_image_says_so_and_the_others_are_answered(opened, tmp_path):
    (tmp_path / "text.jpg").write_text("no image")
    toy_image("circle", 3).save(tmp_path / "circle.png")
    window = opened()
    answers = give(window, tmp_path / "text.jpg", tmp_path / "circle.png")
    assert answers["text.jpg"] == {"error": "this browser cannot read it as an image"}
    assert len(answers["circle.png"]["predictions"]) == 1
    assert window.find_element("id", "count").text == "1 of 2 images answered, 1 could not be used"


def test_a_browser_that_changes_pixels_is_told(opened):
    window = opened()
    assert not window.find_element("id", "changed").is_displayed()
    added = window.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": SPOIL})
    try:
        assert opened().find_element("id", "changed").text.startswith("This browser changes the pixels")
    finally:
        window.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", added)


def test_an_example_and_the_camera_become_images(opened):
    window = opened()
    examples = window.find_elements("css selector", ".examples button")
    assert [one.get_attribute("data-name") for one in examples] == list(TOY_CLASSES)
    examples[0].click()
    (answer,) = answers_after(window, 1).values()
    assert answer["predictions"][0]["predicted"] == TOY_CLASSES[0]
    use_camera(window)
    assert answers_after(window, 2)["camera"]["predictions"][0]["predicted"] in TOY_CLASSES
    close_camera(window)


def test_in_japanese(opened, tmp_path):
    toy_image("circle", 3).save(tmp_path / "circle.png")
    (tmp_path / "text.jpg").write_text("no image")
    window = opened("--language", "ja")
    answers = give(window, tmp_path / "text.jpg", tmp_path / "circle.png")
    assert answers["text.jpg"] == {"error": "このブラウザーでは画像として読み込めません"}
    shown = window.find_element("tag name", "body").text
    assert "2 枚中 1 枚を予測しました（1 枚は使えませんでした）" in shown
    assert "画像がこのコンピューターの外に出ることはなく" in shown


@pytest.mark.parametrize("width", [400, 1280])
def test_nothing_is_wider_than_the_window(opened, tmp_path, width):
    toy_image("circle", 3).save(tmp_path / "a very long name of a file, which does not end soon, and has no end.png")
    window = opened()
    window.set_window_size(width, 900)
    give(window, *tmp_path.iterdir())
    wide = "return [document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    scrolled, seen = window.execute_script(wide)
    assert scrolled <= seen
