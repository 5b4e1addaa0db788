"""The page of `serve` in headless Chromium."""

import pytest
from helpers import TOY_CLASSES, toy_image
from in_browser import SPOIL, answers_after, close_camera, give, kept, use_camera

from study.runtime.format import significant


@pytest.fixture(scope="module")
def served(run):
    from serving import serving

    with serving(run) as server:
        yield server


@pytest.fixture
def opened(served, browser):
    """The page of the server; what it is given is kept for the test."""
    browser.get_log("browser")  # of the page before
    browser.get(f"http://127.0.0.1:{served.port}/")
    return kept(browser)


def test_a_file_and_the_camera_are_answered(opened, tmp_path):
    toy_image("circle", 500).save(tmp_path / "circle.png")
    answers = give(opened, tmp_path / "circle.png")
    assert answers["circle.png"]["predictions"][0]["predicted"] == "circle"
    use_camera(opened)
    assert answers_after(opened, 2)["camera"]["predictions"][0]["predicted"] in TOY_CLASSES
    assert not opened.find_element("id", "camera-said").is_displayed()
    close_camera(opened)
    assert opened.get_log("browser") == []  # nothing that its policy refused


def test_a_browser_that_changes_pixels_is_told_when_the_camera_is_used(opened):
    opened.execute_script(SPOIL)
    use_camera(opened)
    assert opened.find_element("id", "camera-said").text.startswith("This browser changes the pixels")
    close_camera(opened)


@pytest.mark.parametrize("share", [0.0, 0.000123, 8.8e-11, 0.25, 0.99994, 0.99995, 0.99996, 0.99999994, 1.0])
def test_a_probability_has_the_digits_that_the_program_gives_it(share, opened):
    assert opened.execute_script("return significant(arguments[0])", share) == significant(share, 4)
