"""A page on which images are dropped, in a browser: what it is given, and what it answers."""

import time

READY = "return typeof ask === 'function' && !window.given;"  # and not those of the page before
KEEP = """
window.answers = {};
window.given = [];
const before = ask;
ask = async (file) => { window.given.push(file); return (window.answers[file.name] = await before(file)); };
"""
SPOIL = (  # what it reads of a canvas
    "const real = CanvasRenderingContext2D.prototype.getImageData;"
    "CanvasRenderingContext2D.prototype.getImageData = function (...box) {"
    " const found = real.apply(this, box); found.data[8] ^= 1; return found; };"
)


def kept(window):
    """Wait for the page that was opened, and let it keep what it is given and answers."""
    until = time.monotonic() + 30
    while not window.execute_script(READY) and time.monotonic() < until:
        time.sleep(0.05)
    window.execute_script(KEEP)
    return window


def give(window, *files, seconds=60):
    """Choose files on the page, and return the answers."""
    before = len(window.execute_script("return Object.keys(window.answers)"))
    window.find_element("id", "files").send_keys("\n".join(map(str, files)))
    return answers_after(window, before + len(files), seconds)


def answers_after(window, count, seconds=60):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if len(answers := window.execute_script("return window.answers")) == count:
            return answers
        time.sleep(0.1)
    raise AssertionError(f"{len(answers)} of {count} answers: {window.get_log('browser')}")


def use_camera(window):
    """Take a picture with the camera."""
    shutter = window.find_element("id", "take")
    assert not shutter.is_displayed()
    window.find_element("id", "camera").click()
    until = time.monotonic() + 20
    while not (shutter.is_displayed() and window.execute_script("return view.videoWidth")):
        assert time.monotonic() < until
        time.sleep(0.1)
    shutter.click()


def close_camera(window):
    """Turn the camera off."""
    window.find_element("id", "camera").click()
    assert not window.find_element("id", "take").is_displayed()
