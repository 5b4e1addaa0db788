"""What can be wrong with a folder of images, a command line or a run, and what the program says of each."""

import shutil

from helpers import TOY_CLASSES, make_toy


def folder(path, files):
    for name, content in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)
    path.mkdir(exist_ok=True)
    return path


def less_toy(path, classes, count):
    make_toy(path, count)
    for label in set(TOY_CLASSES) - set(classes):
        shutil.rmtree(path / label)
    return path


def changed_run(run, path, name, change):
    """A copy of a run with one file changed."""
    shutil.copytree(run, path)
    (path / name).write_bytes(change((path / name).read_bytes()))
    (path / "model.xml").unlink(missing_ok=True)  # else OpenVINO answers, and nobody looks at model.keras
    return path


def cut(content):
    return content[: len(content) // 2]


def scratched(content):
    middle = len(content) // 2
    return content[:middle] + bytes(byte ^ 0x55 for byte in content[middle : middle + 300]) + content[middle + 300 :]


def other_network(path):
    import keras

    network = keras.Sequential([keras.Input((8,)), keras.layers.Dense(4)])
    network.save(path) if path.suffix == ".keras" else network.save_weights(path)
    return path


LONG = "x" * 5000


DATA_ERRORS = {
    "no folder": (lambda tmp: tmp / "none", "no such file or folder; give a folder"),
    "a file": (lambda tmp: folder(tmp, {"a.png": b"x"}) / "a.png", "is a file; give a folder"),
    "empty folder": (lambda tmp: folder(tmp / "d", {}), "no images found"),
    "one class": (lambda tmp: less_toy(tmp / "d", ["circle"], 4), "only one class, circle; at least two"),
    "two images": (lambda tmp: less_toy(tmp / "d", ["circle", "square"], 2), "Class 'circle' has 2 usable image(s)"),
    "texts": (lambda tmp: folder(tmp / "d", {"a/1.txt": b"x", "b/2.txt": b"x"}), "no images found (2 skipped"),
    "no class folders": (lambda tmp: folder(tmp / "d", {"1.png": b"x", "2.png": b"x"}), "but no class folders"),
    "long name": (lambda tmp: LONG, "name too long"),
}

TRAIN_ERRORS = {
    "progress from too small a size": (
        ["-m", "alexnet", "--image-size", "128", "--width", "8", "--progressive", "32,128"],
        "--progressive for alexnet begins at 57 pixels or above. Received: 32,128",
    ),
    "maps of one pixel": (
        ["--image-size", "64", "--norm", "instance", "--progressive", "32,64"],
        "--norm instance needs maps of more than one pixel in every layer",
    ),
    "split of two": (["--split", "8:1"], "--split takes three whole numbers above 0"),
    "split with 0": (["--split", "0:1:1"], "--split takes three whole numbers above 0"),
    "split of 5,000 digits": (["--split", "9" * 5000 + ":1:1"], "--split takes three whole numbers"),
    "epochs below 1": (["--epochs", "-3"], "--epochs takes 1 to 100,000. Received: -3"),
    "epochs in letters": (["--epochs", "x"], "--epochs takes a whole number. Received: x"),
    "l2 no number": (["--l2", "nan"], "--l2 takes 0 to 10. Received: nan"),
    "seed too large": (["--seed", "4294967296"], "--seed takes 0 to 4"),
    "batch too large": (["--batch-size", "9" * 30], "--batch-size takes"),
    "resize": (["--resize", "stretch"], "--resize takes crop, pad, squash. Received: stretch"),
    "augment": (["--augment", "flop"], "--augment takes none or some of flip"),
    "zoom too strong": (["--augment", "zoom=1"], "--augment zoom takes a strength above 0, "),
    "store": (["--store", "maybe"], "--store takes on, off. Received: maybe"),
    "no room in the store": (["--store-limit", "0"], "--store-limit takes 0.01 to 100,000. Received: 0.0"),
    "store limit no number": (["--store-limit", "nan"], "--store-limit takes 0.01 to 100,000. Received: nan"),
    "store limit in letters": (["--store-limit", "10GB"], "--store-limit takes a number. Received: 10GB"),
    "unknown flag": (["--epoch-count", "3"], "Unrecognized arguments: --epoch-count 3"),
    "image too small": (["--image-size", "8"], "--image-size takes 32 to 1,024. Received: 8"),
    "unknown model": (["-m", "orignal"], "Unknown model 'orignal'. Did you mean 'original'? Available: alexnet, "),
    "transfer without weights": (["--learning", "transfer"], "--learning transfer needs pretrained weights"),
    "finetune without weights": (
        ["--weights", "none", "--learning", "finetune"],
        "--learning finetune needs pretrained weights and original starts from random ones",
    ),
    "no weights file": (["--weights", "/none/a.weights.h5"], ", no such file or folder"),
    "weights' name too long": (["--weights", LONG], LONG),
    "no split file": (["--split-file", "/none/split.csv"], "Cannot read /none/split.csv"),
}

RUN_ERRORS = {
    "no run": (lambda run, tmp: tmp / "none", "A run is given by its folder or its name. Received: "),
    "long name": (lambda run, tmp: LONG, LONG),
    "no run folder": (lambda run, tmp: tmp, "is no complete run folder: model.keras, run.json"),
    "no JSON": (lambda run, tmp: changed_run(run, tmp / "r", "run.json", cut), "run.json cannot be read"),
    "JSON without keys": (
        lambda run, tmp: changed_run(run, tmp / "r", "run.json", lambda _: b'{"schema": 1}'),
        "run.json cannot be read",
    ),
    "later schema": (
        lambda run, tmp: changed_run(run, tmp / "r", "run.json", lambda c: c.replace(b'"schema": 1', b'"schema": 9')),
        "has schema 9; this program reads schema 1",
    ),
    "truncated model": (
        lambda run, tmp: changed_run(run, tmp / "r", "model.keras", cut),
        "model.keras is not the file that training saved",
    ),
    "scratched model": (
        lambda run, tmp: changed_run(run, tmp / "r", "model.keras", scratched),
        "model.keras is not the file that training saved",
    ),
}
