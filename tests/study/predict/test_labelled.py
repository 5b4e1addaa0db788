"""`predict --labelled`: the report as for a test split, on images of one's own, and what flatters it."""

import csv
import json
import os
import shutil

import pytest
from helpers import TOY_CLASSES, call, make_patches, make_toy, toy_image
from run_files import table

SUGGESTED = "next: the sub-folders are named as classes of this run, compare the predictions with them: python main.py"


@pytest.fixture
def fresh(tmp_path):
    """Images that the run has never seen: 4 circles and 4 squares; two of the squares are called circles."""
    root = make_toy(tmp_path / "fresh", 4, first=500)
    shutil.rmtree(root / "stripes")
    for number in (500, 501):
        (root / "square" / f"{number}.png").rename(root / "circle" / f"wrong{number}.png")
    return root


def test_folders_of_classes_are_reported_on_as_a_test_split(run, fresh, tmp_path):
    out = tmp_path / "answers.csv"
    ran = call("predict", "--run", run, fresh, "--labelled", "--csv", out)
    assert ran.code == 0
    assert "could not be used" not in ran.err
    rows = {row["path"]: row for row in table(out)}
    assert list(next(iter(rows.values())))[:3] == ["path", "label", "predicted"]
    assert len(rows) == 8
    right = sum(row["label"] == row["predicted"] for row in rows.values())
    wrong = rows[str(fresh / "circle" / "wrong500.png")]
    assert (wrong["label"], wrong["predicted"]) == ("circle", "square")
    report = json.loads((tmp_path / "answers-report.json").read_text(encoding="utf-8"))
    metrics = report["metrics"]
    assert (metrics["n"], metrics["accuracy"]) == (8, right / 8)
    low, high = metrics["accuracy_interval"]
    assert 0 < low < right / 8 < high < 1
    assert metrics["per_class"]["circle"]["support"] == 6
    assert metrics["per_class"]["stripes"] == {"precision": None, "recall": None, "f1": None, "support": 0}
    assert metrics["confusion"][0][1] >= 2  # circles called squares
    assert report["summary"] in ran.out.splitlines()
    assert report["summary"].startswith(
        f"labelled images: accuracy {100 * right / 8:.1f} % ({right} of 8; 95 % interval"
    )
    assert report["summary"].endswith("always answering circle: 75.0 %")
    for line in ran.out.splitlines():
        if "wrong500.png" in line:
            assert line.endswith("  wrong: labelled circle")
    assert ran.out.count("wrong: labelled") == 8 - right
    assert all(title in ran.out for title in ("precision", "recall", "F1", "true \\ predicted"))


def test_it_says_what_the_run_learned_from_and_how_much_of_that_was_given(run, toy, fresh, tmp_path):
    new = call("predict", "--run", run, fresh, "--labelled")
    learned = f"The run learned from 48 training and 6 validation images of {toy}; "
    assert f"{learned}none of the 8 labelled images is among them.\n" in new.out
    parts = {row["path"]: row["part"] for row in table(run / "split.csv")}
    known = [name for name in parts if name.startswith("square/") and parts[name] != "test"][:2]
    held_out = next(name for name in parts if name.startswith("square/") and parts[name] == "test")
    for name in (*known, held_out):  # under other names: what counts is the content
        shutil.copy(toy / name, fresh / "square" / f"copy{name.rpartition('/')[2]}")
    ran = call("predict", "--run", run, fresh, "--labelled", "--csv", tmp_path / "a.csv")
    flattered = "among them, by content, 2 of the 11 labelled images, which flatters these figures.\n"
    assert learned + flattered in ran.out
    others = "; 3 of the 11 images are also in training or validation, by copies, near duplicates or groups: of the "
    others += "other 8, "  # the test image has a near duplicate there: the squares look alike, and stay single
    (summary,) = (line for line in ran.out.splitlines() if line.startswith("labelled images: accuracy"))
    assert others in summary
    assert others not in new.out
    report = json.loads((tmp_path / "a-report.json").read_text(encoding="utf-8"))
    assert {name: report[name] for name in ("data", "training_images", "validation_images", "learned_before")} == {
        **{"data": str(toy), "training_images": 48, "validation_images": 6},
        "learned_before": 2,
    }
    seen = report["metrics"]["seen"]
    assert (seen["images"], seen["others"], seen["accuracy"]) == (3, 8, seen["right"] / 8)
    assert f"of the other 8, {seen['right']} are right, {100 * seen['right'] / 8:.1f} %" in summary


def test_copies_and_the_images_of_a_group_count_once(run, tmp_path):
    root = make_patches(tmp_path / "data", 4)
    for number in range(3):
        shutil.copy(root / "circle" / "0.png", root / "circle" / f"again{number}.png")
    ran = call("predict", "--run", run, root, "--labelled", "--csv", tmp_path / "a.csv")
    metrics = json.loads((tmp_path / "a-report.json").read_text(encoding="utf-8"))["metrics"]
    assert (metrics["n"], metrics["units"]) == (18, 12)  # of each class one image is there as JPEG too
    assert [metrics["per_class"][name]["units"] for name in TOY_CLASSES] == [4, 4, 4]
    assert " of 18; 95 % interval " in ran.out
    assert " %, counted by 12 groups: images that belong together count once), macro F1 " in ran.out
    rows = [f"data/{name}/{number}.png,{name},{number % 2}\n" for name in TOY_CLASSES for number in range(4)]
    (tmp_path / "t.csv").write_text("path,label,group\n" + "".join(rows), encoding="utf-8")
    grouped = call("predict", "--run", run, tmp_path / "t.csv", "--labelled")
    assert " %, counted by 2 groups: images that belong together count once), macro F1 " in grouped.out
    (tmp_path / "t.csv").write_text("path,label\n" + "".join(f"{row.rpartition(',')[0]}\n" for row in rows))
    alone = call("predict", "--run", run, tmp_path / "t.csv", "--labelled")
    assert " of 12; 95 % interval " in alone.out
    assert "counted by" not in alone.out


def test_a_table_names_images_and_their_labels(run, fresh, tmp_path):
    file = tmp_path / "labels.csv"
    file.write_text("path,label\nfresh/square/502.png,square\nfresh/circle/500.png,stripes\nfresh/no.png,square\n")
    ran = call("predict", "--run", run, file, "--labelled", "--csv", tmp_path / "out.csv")
    assert ran.code == 0
    assert f"{tmp_path / 'fresh' / 'no.png'}: no such file or folder" in ran.err
    assert ran.err.splitlines()[-1] == "1 of 3 files could not be used."
    rows = {row["path"]: row["label"] for row in table(tmp_path / "out.csv")}
    assert rows[str(fresh / "circle" / "500.png")] == "stripes"
    assert "labelled images: accuracy 50.0 % (1 of 2; " in ran.out
    assert call("predict", "--run", run, file, "--labelled", "--strict").code == 4


def test_a_row_without_a_label_is_refused_with_the_way_to_mend_it(run, fresh):
    file = fresh.parent / "empty.csv"
    file.write_text("path,label\nfresh/square/502.png,\n")
    ran = call("predict", "--run", run, file, "--labelled")
    told = f"error: {file} has no label for fresh/square/502.png: write it into its row, or take that out.\n"
    assert (ran.code, ran.err) == (2, told)


def test_an_image_with_two_labels_is_refused(run, fresh):
    file = fresh.parent / "labels.csv"
    file.write_text("path,label\nfresh/square/502.png,circle\n")
    ran = call("predict", "--run", run, fresh, file, "--labelled")
    name = fresh / "square" / "502.png"
    assert (ran.code, ran.err) == (2, f"error: {name} is given two labels, square and circle: give it one.\n")


def test_labels_that_are_no_classes_are_named_with_the_classes(run, fresh):
    (fresh / "square").rename(fresh / "Square")
    (fresh / "bird").mkdir()
    toy_image("circle", 7).save(fresh / "bird" / "1.png")
    ran = call("predict", "--run", run, fresh, "--labelled")
    assert ran.code == 2
    assert ran.out == ""
    assert ran.err == (
        f"error: {fresh} has labels that are no classes of {run}: Square, bird. Its classes: circle, square, stripes. "
        "Rename them, or leave --labelled out.\n"
    )


def test_folders_that_the_label_file_of_the_training_merged_are_merged_here_too(run, fresh, tmp_path):
    copy = shutil.copytree(run, tmp_path / "run")
    (copy / "labels.csv").write_text("folder,class\nround,circle\nblurred,\n", encoding="utf-8")
    (fresh / "circle").rename(fresh / "round")
    (fresh / "blurred").mkdir()
    toy_image("circle", 7).save(fresh / "blurred" / "1.png")
    ran = call("predict", "--run", copy, fresh, "--labelled", "--csv", tmp_path / "out.csv")
    assert ran.code == 0
    assert f"{fresh / 'blurred' / '1.png'}: its folder is left out by the run's label file" in ran.err
    assert {row["label"] for row in table(tmp_path / "out.csv")} == {"circle", "square", ""}


def test_a_label_file_is_read_as_in_training_with_spaces_and_where_it_swaps_classes(run, fresh, tmp_path):
    copy = shutil.copytree(run, tmp_path / "run")
    (copy / "labels.csv").write_text("folder,class\n square ,circle\ncircle,square\n", encoding="utf-8")
    ran = call("predict", "--run", copy, fresh, "--labelled", "--csv", tmp_path / "out.csv")
    assert ran.code == 0, ran.err
    labels = {row["path"]: row["label"] for row in table(tmp_path / "out.csv")}
    assert labels[str(fresh / "square" / "502.png")] == "circle"
    assert labels[str(fresh / "circle" / "500.png")] == "square"
    assert (
        "careful: the label file of the training takes the folder circle as square, and so it is taken here, though "
        "circle is a class too\n"
    ) in ran.out
    assert ran.next.endswith(f"check --data {fresh} --labels {copy / 'labels.csv'}\n")
    (copy / "labels.csv").write_text("folder,class\nsquare,stripes\nround,circle\n", encoding="utf-8")
    ran = call("predict", "--run", copy, fresh, "--labelled")
    assert ran.next.endswith(f"check --data {fresh}\n")  # which has no folder round


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "--labelled takes folders with one sub-folder for each class, or tables path,label. Received: no path; "),
        (["IMAGE"], "500.png is a file; give a folder that holds one sub-folder of photos for each class"),
        (["nowhere"], "nowhere: no such file or folder; give a folder that holds one sub-folder of photos"),
        (["FOLDER"], "4 image file(s), such as 500.png, but no class folders; put them into one sub-folder"),
    ],
)
def test_what_has_no_labels_is_refused(words, told, run, fresh):
    paths = {"IMAGE": fresh / "circle" / "500.png", "FOLDER": fresh / "circle"}
    for number in (502, 503):
        (fresh / "circle" / f"wrong{number - 2}.png").unlink()
    ran = call("predict", "--run", run, *(paths.get(word, word) for word in words), "--labelled")
    assert ran.code == 2
    assert ran.err.count("\n") == 1
    assert told in ran.err


def test_labelled_is_suggested_where_the_sub_folders_are_classes_and_nowhere_else(run, fresh):
    suggested = call("predict", "--run", run, fresh).next
    assert suggested == f"{SUGGESTED} predict --run {run} --labelled {fresh}\n"
    assert SUGGESTED not in call("predict", "--run", run, fresh, "--labelled").next
    assert SUGGESTED not in call("predict", "--run", run, fresh / "circle").next
    assert SUGGESTED not in call("predict", "--run", run, fresh, fresh / "circle" / "500.png").next
    (fresh / "square").rename(fresh / "bird")
    assert SUGGESTED not in call("predict", "--run", run, fresh).next


def test_several_labels_come_from_a_table_only(run, fresh, tmp_path):
    copy = shutil.copytree(run, tmp_path / "run")
    info = json.loads((copy / "run.json").read_text(encoding="utf-8"))
    info |= {"task": "multilabel", "thresholds": dict.fromkeys(TOY_CLASSES, 0.3)}
    (copy / "run.json").write_text(json.dumps(info), encoding="utf-8")
    ran = call("predict", "--run", copy, fresh, "--labelled")
    assert ran.code == 2
    assert "which folders cannot tell: give --labelled a table with the columns path,label. Received: " in ran.err
    with (tmp_path / "labels.csv").open("w", newline="") as file:
        rows = [("path", "label"), *((f"fresh/square/{n}.png", label) for n in (502, 503) for label in TOY_CLASSES[:2])]
        csv.writer(file).writerows(rows)
    ran = call("predict", "--run", copy, tmp_path / "labels.csv", "--labelled", "--csv", tmp_path / "out.csv")
    assert ran.code == 0
    assert "labelled images: mean average precision " in ran.out
    assert {row["label"] for row in table(tmp_path / "out.csv")} == {"circle|square"}
    lines = [json.dumps({"file_name": f"square/{n}.png", "label": list(TOY_CLASSES[:2])}) for n in (502, 503)]
    (fresh / "metadata.jsonl").write_text("\n".join(lines), encoding="utf-8")  # an ImageFolder of the hub
    again = call("predict", "--run", copy, fresh, "--labelled", "--csv", tmp_path / "again.csv")
    assert again.code == 0, again.err
    assert {row["label"] for row in table(tmp_path / "again.csv")} == {"circle|square"}
    assert "  wrong: labelled circle|square\n" in ran.out  # the network says square alone


def test_images_within_parquet_files_have_their_name_in_the_data_set_not_that_in_the_cache(run, toy, tmp_path):
    pytest.importorskip("pyarrow")
    hub, out = tmp_path / "hub", tmp_path / "answers.csv"
    assert call("export-data", "--data", toy, "--out", hub, "--format", "parquet").code == 0
    ran = call("predict", "--run", run, hub, "--labelled", "--csv", out)
    assert ran.code == 0
    names = [row["path"] for row in table(out)]
    assert len(set(names)) == 60
    assert all(name.startswith(f"{hub}/data/t") or name.startswith(f"{hub}/data/val") for name in names)
    assert "unpacked" not in ran.out


def test_a_run_that_segments_takes_no_labels(run, fresh, tmp_path):
    copy = shutil.copytree(run, tmp_path / "run")
    info = json.loads((copy / "run.json").read_text(encoding="utf-8"))
    (copy / "run.json").write_text(json.dumps(info | {"task": "segment"}), encoding="utf-8")
    ran = call("predict", "--run", copy, fresh, "--labelled")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == f"error: --labelled is for runs that classify, and {copy} segments: leave it out.\n"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with a name")
def test_a_pipe_in_the_place_of_the_report_is_told_and_not_waited_for(run, fresh, tmp_path):
    os.mkfifo(tmp_path / "a-report.json")
    ran = call("predict", "--run", run, fresh, "--labelled", "--csv", tmp_path / "a.csv")
    told = "which is a pipe: give --csv another name."
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == f"error: The report would be written to {tmp_path / 'a-report.json'}, {told}\n"
