#!/usr/bin/env bash
# One would expect an array that is written with its shape and its type to be read back as it was. `safetensors.numpy.save_file`
# writes the memory as it lies and the shape beside it: of an array that does not lie row by row (a transposed kernel, one from
# `asfortranarray`, a slice with a step, what scikit-learn's PCA gives) the shape comes back right and the numbers in other
# places, without a word. Version 0.7.0 wrote the same array right. The documentation asks for contiguous arrays, which a
# transposed one is by numpy's own flag.
# Kernels are transposed whenever weights go from Keras to PyTorch (convolutions HWIO to OIHW, dense layers too), and where a
# kernel is square not even a wrong shape gives it away: here a dense layer of 64 by 64 answers by chance after the round trip.
# Write np.ascontiguousarray(array), and compare one prediction of what was read back.
# Seen with safetensors 0.8.0, numpy 2.4.6, 30 November 2026. Source: https://github.com/safetensors/safetensors/issues/825
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check safetensors==0.8.0 numpy==2.4.6
cat > "$work/round_trip.py" <<'PYTHON'
"""Write transposed arrays and read them back; print which came back as they were."""
import numpy as np
import safetensors
from safetensors.numpy import load_file, save_file

rng = np.random.default_rng(0)
images, kernel = rng.normal(size=(500, 64)).astype(np.float32), rng.normal(size=(64, 64)).astype(np.float32)
answers = (images @ kernel).argmax(1)
convolution = rng.normal(size=(3, 3, 8, 16)).astype(np.float32)
given = {
    "dense": kernel.T,
    "convolution": convolution.transpose(3, 2, 0, 1),
    "every other": kernel[:, ::2],
    "transposed, made contiguous": np.ascontiguousarray(kernel.T),
}
save_file(given, "weights.safetensors")
found = load_file("weights.safetensors")
same = {name: bool((found[name] == array).all()) for name, array in given.items()}
agree = float(((images @ found["dense"].T).argmax(1) == answers).mean())
print("safetensors", safetensors.__version__, "numpy", np.__version__)
assert all(found[name].shape == array.shape for name, array in given.items())
for name in given:
    print(f"{name}: shape {found[name].shape} as given, the same values: {same[name]}")
print(f"the dense layer gives the same answer for {agree:.0%} of the images")
if safetensors.__version__ == "0.7.0":
    assert all(same.values()) and agree == 1
else:
    assert [*same.values()] == [False, False, False, True]
    assert agree < 0.1
    assert (found["dense"] == kernel).all()  # as if never transposed
PYTHON
cd "$work"
venv/bin/python round_trip.py
"$work/venv/bin/pip" install --quiet --disable-pip-version-check safetensors==0.7.0
venv/bin/python round_trip.py
