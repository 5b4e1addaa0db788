import json
import shutil

import numpy as np
import pytest
from helpers import TOY_CLASSES, call
from run_files import table

from study.confidence import known
from study.inference import openvino_ir
from study.predict.stream import Prediction
from study.predict.verdicts import Judge
from study.runtime import hardware
from study.runtime.format import significant


def test_a_run_keeps_what_it_judges_by(run, toy):
    info = json.loads((run / "run.json").read_text())
    kept = known.read(run, info)
    assert kept.directions.shape[0] == 48  # all training images
    np.testing.assert_allclose(np.linalg.norm(kept.directions, axis=1), 1, atol=1e-3)
    assert kept.probability.shape == kept.right.shape == kept.distance.shape == (6,)
    assert info["verdicts"]["unlike"]["false_alarm_rate"] == 0.01
    assert set(info["verdicts"]["unlike"]["called_unlike"]) == {"val", "test"}
    assert info["verdicts"]["unsure"]["threshold"] is None
    assert np.load(run / "known.npz", allow_pickle=False)["directions"].dtype == np.float16


def test_a_sure_answer_is_the_class_and_an_image_beyond_the_limit_is_unlike(judging, toy, tmp_path):
    images = [toy / label / "0.png" for label in TOY_CLASSES]
    ran = call("predict", "--run", judging(), *images, "--csv", tmp_path / "sure.csv")
    assert ran.code == 0
    rows = table(tmp_path / "sure.csv")
    assert list(rows[0])[-3:] == ["error", "verdict", "distance"]
    assert [row["verdict"] for row in rows] == [row["predicted"] for row in rows]
    assert all(f"  {row['predicted']}  {significant(float(row['probability']), 4)}" in ran.out for row in rows)
    nearest = min(float(row["distance"]) for row in rows)
    ran = call("predict", "--run", judging(limit=nearest / 2), *images, "--csv", tmp_path / "far.csv")
    assert [row["verdict"] for row in table(tmp_path / "far.csv")] == ["unlike"] * 3
    assert ran.out.splitlines()[-1] == "3 images: unlike 3"


@pytest.mark.parametrize(("asked", "every"), [((), "No"), (("--right", 0.99), "Every")])
def test_where_no_threshold_is_proved_that_is_said_and_answers_are_unsure_if_a_rate_was_asked_for(
    asked, every, judging, toy, tmp_path
):
    words = (toy / "circle" / "0.png", "--csv", tmp_path / "a.csv", *asked)
    ran = call("predict", "--run", judging(images=100), *words)
    (row,) = table(tmp_path / "a.csv")
    unsure = every == "Every"
    assert row["verdict"] == ("unsure" if unsure else row["predicted"])
    told = f"{'unsure: ' if unsure else ''}{row['predicted']}  {significant(float(row['probability']), 4)}"
    assert ran.out.splitlines()[0].endswith(f"0.png  {told}")
    assert ran.err.splitlines()[-1] == (
        f"{every} answer is called unsure: 100 validation images, 0 of them wrong, do not prove that 99 % of the "
        "answers are right, which takes 299 or more without a mistake; they prove it for --right 0.97, which "
        "answers 100 of them."
    )


def test_the_reason_counts_the_images_that_a_threshold_is_chosen_by(judging, toy):
    ran = call("predict", "--run", judging(images=300, unlike=3), toy / "circle" / "0.png")
    assert ran.err.splitlines()[-1] == (
        "No answer is called unsure: 297 validation images, 0 of them wrong (3 more are unlike and not counted), do "
        "not prove that 99 % of the answers are right, which takes 299 or more without a mistake; they prove it for "
        "--right 0.98, which answers 297 of them."
    )


def test_images_out_of_fold_are_called_so(judging, toy):
    folder = judging(images=100)
    info = json.loads((folder / "run.json").read_text())
    info["verdicts"]["unsure"]["out_of_fold"] = True
    (folder / "run.json").write_text(json.dumps(info))
    ran = call("predict", "--run", folder, toy / "circle" / "0.png")
    assert "called unsure: 100 images out of fold, 0 of them wrong, do not prove that 99 %" in ran.err.splitlines()[-1]


@pytest.mark.parametrize(
    ("threshold", "told"), [(0.99998, "unsure: dog  0.99996"), (0.9999, "dog  0.99996"), (None, "dog  0.99996")]
)
def test_a_probability_below_a_threshold_near_1_is_not_told_as_1(threshold, told):
    none = np.zeros(0, np.float32)
    judge = Judge(["cat", "dog"], known.Known(none, 1.0, none, none > 0, none), 0.99, threshold)
    answer = Prediction("a.png", np.array([0.00004, 0.99996], np.float32), distance=0.0)
    assert judge.describe(answer) == told


def test_a_rate_that_can_be_proved_is_obeyed(judging, toy):
    assert "unsure" not in call("predict", "--run", judging(images=100), "--right", 0.97, toy / "circle" / "0.png").out


def test_the_report_of_a_split_counts_verdicts(judging):
    ran = call("predict", "--run", judging())
    assert ran.out.splitlines()[-1].startswith("at --right 0.99: 6 of 6 answered (100.0 %), ")
    assert ran.out.splitlines()[-1].endswith("; 0 unsure, 0 unlike")


def test_a_run_that_keeps_nothing_answers_as_before(judging, toy, tmp_path):
    folder = judging(limit=0.0)
    (folder / "known.npz").unlink()
    ran = call("predict", "--run", folder, toy / "circle" / "0.png", "--csv", tmp_path / "a.csv")
    (row,) = table(tmp_path / "a.csv")
    assert ran.out.splitlines()[-1].endswith(f"0.png  {row['predicted']}  {significant(float(row['probability']), 4)}")
    assert (row["verdict"], row["distance"]) == ("", "")
    assert "unsure" not in ran.out + ran.err
    ran = call("predict", "--run", folder, toy / "circle" / "0.png", "--right", 0.9)
    assert ran.code == 2
    assert ran.err.splitlines()[-1] == (
        f"error: --right: {folder} keeps no known.npz to choose by. Leave it out, or train again."
    )


@pytest.mark.parametrize("content", [b"", b"PK\3\4 not a zip", "pickled"])
def test_a_damaged_file_is_one_line(content, judging, toy):
    folder = judging()
    if content == "pickled":
        np.savez(folder / "known.npz", directions=np.array([{"a": 1}], object))
    else:
        (folder / "known.npz").write_bytes(content)
    ran = call("predict", "--run", folder, toy / "circle" / "0.png")
    assert ran.code == 2
    assert ran.err == (
        f"error: {folder / 'known.npz'} is damaged: remove it to predict without verdicts, or train again.\n"
    )


def test_a_file_that_is_not_what_training_saved_is_refused(run, toy, tmp_path):
    folder = shutil.copytree(run, tmp_path / "run")
    with (folder / "known.npz").open("ab") as file:
        file.write(b"x")
    ran = call("predict", "--run", folder, toy / "circle" / "0.png")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "is not the file that training saved" in ran.err


@pytest.mark.skipif(not hardware.openvino_available(), reason="there is one engine only")
def test_keras_and_openvino_give_the_same_distances(judging, toy, tmp_path):
    folder = judging()
    call("predict", "--run", folder, toy / "circle", "--csv", tmp_path / "openvino.csv")
    (folder / "model.xml").unlink()
    call("predict", "--run", folder, toy / "circle", "--csv", tmp_path / "keras.csv")
    both = [table(tmp_path / f"{name}.csv") for name in ("openvino", "keras")]
    distances = [[float(row["distance"]) for row in rows] for rows in both]
    np.testing.assert_allclose(*distances, atol=2e-4)
    assert np.ptp(distances[0]) > 0.001


@pytest.mark.skipif(not hardware.openvino_available(), reason="OpenVINO is not installed")
def test_the_second_output_changes_no_bit_of_the_first(run, toy):
    from study.inference.openvino_ir import import_openvino

    pixels = np.random.default_rng(0).integers(0, 256, (6, 32, 32, 3), np.uint8)
    probabilities, features = openvino_ir.load_all(run)(pixels)
    both = hardware.core().read_model(run / "model.xml")
    alone = import_openvino().Model([both.get_results()[0]], both.get_parameters(), "alone")
    np.testing.assert_array_equal(openvino_ir.compile(alone, "float32")(pixels), probabilities)
    assert features.shape[0] == 6


def test_distance_is_that_of_the_whole_image_whatever_views_are_asked_for(judging, toy, tmp_path):
    folder, distances = judging(), []
    for views in ("none", "flip"):
        call("predict", "--run", folder, toy / "circle" / "0.png", "--tta", views, "--csv", tmp_path / "a.csv")
        distances.append(table(tmp_path / "a.csv")[0]["distance"])
    assert distances[0] == distances[1]


@pytest.mark.parametrize("right", [0.4, 1])
def test_a_rate_that_cannot_be_is_refused(right, run, toy):
    ran = call("predict", "--run", run, "--right", right, toy / "circle" / "0.png")
    assert (ran.code, ran.err) == (2, f"error: --right takes 0.5 to 0.9999. Received: {float(right)}\n")


@pytest.mark.parametrize(("named", "written"), [("unsure", "(unsure)"), ("UNSURE", "(unsure)")])
def test_a_class_named_as_a_verdict_keeps_its_name_and_the_verdict_gives_way(named, written, judging, toy, tmp_path):
    folder = judging(images=100, names={"circle": named})
    images = [toy / label / "0.png" for label in TOY_CLASSES]
    ran = call("predict", "--run", folder, *images, "--csv", tmp_path / "sure.csv", "--right", 0.97)
    assert ran.code == 0
    rows = table(tmp_path / "sure.csv")
    assert [row["verdict"] for row in rows] == [row["predicted"] for row in rows]
    assert named in {row["verdict"] for row in rows}
    assert f"A class is named like the verdict unsure, which is written {written}." in ran.err.splitlines()
    ran = call("predict", "--run", folder, *images, "--csv", tmp_path / "unsure.csv", "--right", 0.99)
    rows = table(tmp_path / "unsure.csv")
    assert [row["verdict"] for row in rows] == [written] * 3
    assert f"{written}: {rows[0]['predicted']}  {significant(float(rows[0]['probability']), 4)}" in ran.out
    assert ran.out.splitlines()[-1] == f"3 images: {written} 3"


def test_an_answer_of_a_class_named_unlike_is_counted_as_an_answer(judging):
    ran = call("predict", "--run", judging(names={"circle": "unlike"}))
    assert ran.out.splitlines()[-1].startswith("at --right 0.99: 6 of 6 answered (100.0 %), ")
    assert ran.out.splitlines()[-1].endswith("; 0 unsure, 0 unlike")
    assert "A class is named like the verdict unlike, which is written (unlike)." in ran.err.splitlines()


def test_nothing_is_in_brackets_for_a_run_that_gives_no_such_verdicts(judging, toy):
    folder = judging(names={"circle": "unsure"})
    (folder / "known.npz").unlink()
    assert "(unsure)" not in call("predict", "--run", folder, toy / "circle" / "0.png").err


def test_images_of_another_kind_than_the_run_learned_are_told_of(judging, toy, tmp_path):
    images = sorted((toy / "circle").iterdir())[:6]
    call("predict", "--run", judging(), *images, "--page", tmp_path / "near.html")
    ran = call("predict", "--run", judging(limit=1e-6), *images, "--page", tmp_path / "far.html")
    said = (
        "6 of 6 images (100 %) are unlike anything that the run learned, where of images like its own about 1 % are: "
        "its test figures do not hold for them. Look at some, and train with more of their kind."
    )
    assert said in ran.err.splitlines()
    assert said in (tmp_path / "far.html").read_text(encoding="utf-8")
    assert "where of images like its own" not in (tmp_path / "near.html").read_text(encoding="utf-8")
    few = call("predict", "--run", judging(limit=1e-6), *images[:5])
    assert "5 images: unlike 5" in few.out
    assert "where of images like" not in few.err
    in_blocks = call("predict", "--run", judging(limit=1e-6), *images, "--csv", tmp_path / "far.csv", "--resume")
    assert said in in_blocks.err.splitlines()
    often = call("predict", "--run", judging(limit=1e-6, unlike=100), *images)
    assert "where of images like" not in often.err  # a quarter of the run's own are
