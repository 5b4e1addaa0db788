"""What a server answers: what `predict` says of the same files, whoever asks, and with which words it refuses."""

import base64
import hashlib
import json
import re
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from helpers import call, left_behind
from hostile import FORM, form
from PIL import Image
from serving import JPEG, encoded, picture

SAME = ("predicted", "probability", "verdict", "distance", "probabilities", "error")


@pytest.fixture(scope="module")
def files(toy, tmp_path_factory):
    """Images of all kinds, and files that are none."""
    place = tmp_path_factory.mktemp("files")
    sound = (toy / "circle" / "1.png").read_bytes()
    with Image.open(toy / "square" / "2.png") as image:
        image.resize((300, 200)).save(place / "a.jpg", quality=80)
    deep = (np.arange(64 * 64, dtype=np.uint16) * 16).reshape(64, 64)
    Image.fromarray(deep).save(place / "deep.png")
    Image.fromarray(np.full((50, 70, 4), 90, np.uint8)).save(place / "clear.png")
    for name, content in {"cut.png": sound[:-200], "empty.png": b"", "text.jpg": b"no image at all"}.items():
        (place / name).write_bytes(content)
    toys = [toy / label / f"{number}.png" for label in ("circle", "square", "stripes") for number in range(4)]
    return sorted(place.iterdir()) + toys


def same(one, other):
    for key in SAME:
        if key in ("distance", "probabilities", "probability") and other[key] is not None:
            assert one[key] == pytest.approx(other[key], abs=2e-6), key
        else:
            assert one[key] == other[key], key


def test_the_answers_are_those_of_predict(served, run, files):
    told = json.loads(call("predict", "--run", run, *files, "--json").out)
    by_path = {one["path"]: one for one in told["predictions"]}
    answer = served.post_files(files)
    assert answer.status == 200
    assert answer.json["failed"] == told["failed"] == 3
    assert (answer.json["right"], answer.json["threshold"]) == (told["right"], told["threshold"])
    assert answer.json["class_names"] == told["class_names"]
    assert [one["name"] for one in answer.json["predictions"]] == [file.name for file in files]
    for file, one in zip(files, answer.json["predictions"], strict=True):
        same(one, by_path[str(file)])
        assert one["distance"] == (one["distance"] and round(one["distance"], 6))
        alone = served.post(file.read_bytes(), "application/octet-stream")
        if file.read_bytes():
            assert alone.status == (422 if one["error"] else 200)
            same(alone.json["predictions"][0], one)
            assert alone.json.get("error") == one["error"]


def test_images_of_all_callers_go_through_the_network_together(served, files):
    before = served.metric("study_batch_images_count"), served.metric("study_batch_images_sum")
    content = files[-1].read_bytes()
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: served.post(content).json["predictions"][0], range(64)))
    for one in answers:
        same(one, answers[0])
    batches, images = served.metric("study_batch_images_count") - before[0], served.metric("study_batch_images_sum")
    assert images - before[1] == 64
    assert batches < 64


@pytest.mark.parametrize(
    ("body", "kind", "path", "status", "text"),
    [
        (b"", JPEG, "/predict", 422, "there is no image in the request"),
        (form({}), FORM, "/predict", 422, "there is no image in the request"),
        (form({"a": b"1"})[:-8], FORM, "/predict", 422, "the form (multipart/form-data) is damaged"),
        (b"no form", FORM, "/predict", 422, "the form (multipart/form-data) is damaged"),
        (b"1", JPEG, "/predict?language=fr", 422, "language takes en, ja"),
        (b"1", "text/plain", "/predict", 415, "or image/…. Received: text/plain"),
        (b"1", "multipart/form-data", "/predict", 415, "Received: multipart/form-data"),
        (form({f"{i}": b"1" for i in range(33)}), FORM, "/predict", 413, "more than 32 images in one request"),
        (b"1", JPEG, "/predict/", 404, "there are /, /predict, /healthz and /metrics"),
        (b"1", JPEG, "/predicts", 404, "there are /, /predict, /healthz and /metrics"),
        (b"1", JPEG, "/metrics", 405, "/predict takes POST, the others GET"),
    ],
)
def test_what_is_refused_is_told_in_one_line(served, body, kind, path, status, text):
    answer = served.post(body, kind, path)
    assert answer.status == status
    assert text in answer.error


def test_a_compressed_body_and_a_get_of_predictions_are_refused(served):
    assert served.post(b"1", **{"Content-Encoding": "gzip"}).status == 415
    assert served.get("/predict").status == 405


def test_reasons_are_told_in_japanese_where_that_is_asked_for(served):
    told = served.post(b"", path="/predict?language=ja").error
    assert told == "要求に画像が含まれていません"
    (one,) = served.post(b"text", path="/predict?language=ja").json["predictions"]
    assert "の画像ではありません" in one["error"]


def test_other_sites_and_other_names_of_this_machine_are_refused(served):
    assert served.get("/", Host="photos.example").status == 403
    assert served.get("/", Host=f"localhost:{served.port}").status == 200
    assert served.get("/", Host=f"[::1]:{served.port}").status == 200
    assert served.post(picture(), **{"Sec-Fetch-Site": "cross-site"}).status == 403
    answer = served.post(picture(), **{"Sec-Fetch-Site": "same-origin", "Origin": "http://photos.example"})
    assert answer.status == 200
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_the_page_may_load_and_run_nothing_but_its_own(served):
    answer = served.get("/")
    text, policy = answer.body.decode(), answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    for tag in ("style", "script"):
        contents = re.findall(rf"<{tag}\b[^>]*>(.*?)</{tag}>", text, re.DOTALL)
        assert contents
        for content in contents:
            assert base64.b64encode(hashlib.sha256(content.encode()).digest()).decode() in policy
    assert not re.search(r"https?://|//cdn|\bsrc=|\bhref=|\bstyle=|\bon\w+=", text)
    assert "circle, square, stripes" in text


def test_health_and_metrics_are_told(served):
    assert served.get("/healthz").json == {"status": "ok"}
    before = served.metric('study_images_total{verdict="failed"}')
    served.post(b"no image")
    assert served.metric('study_images_total{verdict="failed"}') == before + 1
    assert served.metric('study_requests_total{status="422"}') >= 1
    assert served.metric("process_resident_memory_bytes") > 1e7


def test_nothing_is_written_whatever_an_image_is_called(served):
    names = ["../../escape.png", "/etc/passwd", "a\tb.png", "x" * 1000]
    content = encoded(np.random.default_rng(0).integers(0, 256, (900, 900, 3)).astype(np.uint8))
    answer = served.post(form(dict.fromkeys(names, content)), FORM)
    assert answer.status == 200
    assert [one["name"][:16] for one in answer.json["predictions"]] == [
        "../../escape.png", "/etc/passwd", "a\\x09b.png", "x" * 16,
    ]  # fmt: skip
    assert max(len(one["name"]) for one in answer.json["predictions"]) == 200
    assert [name for name in left_behind(served.place) if not name.startswith("study-")] == []
