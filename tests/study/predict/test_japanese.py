"""`predict --page FILE --language ja`: a page without English, and a terminal without Japanese."""

import json
import shutil

from english_left import JAPANESE, Shown, english_left
from helpers import call, make_toy, toy_image
from run_files import run_info


def predicted(run, page, *flags):
    ran = call("predict", "--run", run, *flags, "--page", page, "--language", "ja")
    assert ran.code == 0, ran.err
    assert not JAPANESE.search(ran.out + ran.err + ran.next)
    return page.read_text(encoding="utf-8")


def test_a_page_of_predict_in_japanese_has_no_english(judging, tmp_path):
    images = make_toy(tmp_path / "new", 3, first=600)
    (images / "circle" / "empty.png").write_bytes(b"")
    (images / "square" / "notes.pdf").write_bytes(b"%PDF-1.4")
    run = judging(images=800, wrong=400, limit=0.02, probability=0.99999, wrong_at=0.9)
    for flags in ((images,), (images, "--labelled"), (images, "--right", 0.999), ()):
        page = predicted(run, tmp_path / "out.html", *flags)
        assert not english_left(page, run_info(run), *images.parts, *run.parts)


def test_verdicts_drawings_and_a_class_of_their_name_are_told_in_japanese(judging, tmp_path):
    toy_image("circle", 700).save(tmp_path / "one.png")
    run = judging(limit=-1.0, names={"circle": "unsure"})
    info = run_info(run)
    (run / "run.json").write_text(json.dumps(info | {"data": info["data"] | {"drawn": True}}))
    (run / "metrics.json").write_text("{}")
    page = predicted(run, tmp_path / "out.html", tmp_path / "one.png")
    shown = "".join(Shown(page).texts)
    assert "未知（unlike）" in shown
    assert "判定を (unsure) と表記します" in shown
    assert "プログラムが描いた図" in shown
    assert not english_left(page, info, "metrics", *run.parts)


def test_many_images_and_a_list_on_standard_input_are_told_in_japanese(run, tmp_path):
    toy_image("circle", 0).save(tmp_path / "0.png")
    for number in range(1, 305):
        shutil.copy(tmp_path / "0.png", tmp_path / f"{number}.png")
    listed = "\n".join(str(tmp_path / f"{number}.png") for number in range(305))
    page = tmp_path / "out.html"
    ran = call("predict", "--run", run, "-", "--page", page, "--language", "ja", stdin=listed.encode())
    assert ran.code == 0, ran.err
    told = page.read_text(encoding="utf-8")
    assert "ファイルの一覧 の予測" in told
    assert "305 枚のうち、先に確認すべき 300 枚を表示しています。" in told
    assert not english_left(told, run_info(run), *tmp_path.parts)
