"""A headless Chromium, and the package that runs networks in it, where both are there: see `make browser`."""

import os
import shutil
from pathlib import Path

import pytest
from helpers import ROOT

PLACES = (os.environ.get("STUDY_ONNXRUNTIME_WEB"), ROOT / "node_modules" / "onnxruntime-web")


@pytest.fixture(scope="session")
def package():
    """The folder of npm's onnxruntime-web."""
    found = next((Path(place) for place in PLACES if place and Path(place, "package.json").is_file()), None)
    if found is None:
        pytest.skip("npm's onnxruntime-web is not installed: make browser")
    return found


@pytest.fixture(scope="session")
def browser():
    """Chromium, with a camera that shows a moving picture."""
    webdriver = pytest.importorskip("selenium.webdriver")
    program, driver = shutil.which("chromium") or shutil.which("google-chrome"), shutil.which("chromedriver")
    if not (program and driver):
        pytest.skip("Chromium and its driver are not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = program
    for word in ("headless=new", "no-sandbox", "disable-dev-shm-usage", "disable-gpu"):
        options.add_argument(f"--{word}")
    for word in ("use-fake-ui-for-media-stream", "use-fake-device-for-media-stream"):
        options.add_argument(f"--{word}")
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    window = webdriver.Chrome(options, webdriver.ChromeService(driver))
    window.set_script_timeout(60)
    yield window
    window.quit()
