#!/usr/bin/env bash
# One would expect an empty folder beside a script to change nothing of what the script imports, least of all a folder
# of results. Keras, on any backend, looks whether JAX is installed by `import jax` and takes whatever comes for JAX. To
# Python a folder without `__init__.py` is a package too (a namespace package, PEP 420), and the folder of the script, or
# with `python -c` and in notebooks the current one, is searched. So where somebody keeps the runs of each backend in
# `tensorflow/`, `torch/` and `jax/`, or has cloned JAX beside the script, `import keras` on TensorFlow ends with
# "module 'jax' has no attribute 'monitoring'", which points to a broken installation and not to a folder of results. It
# comes from a callback for Orbax, which nobody asked for. Where JAX is installed, Python finds that after the script's
# folder only if it is a package, so nothing happens then: on the machine of whoever wrote the script it may well work.
# Folders called `torch` and `tensorflow` do no harm, since the installed packages come first.
# Seen with Keras 3.15.1 and TensorFlow 2.21.0 on Linux, 29 November 2026. Source: a script beside a virtual environment
# that was called jax.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow==2.21.0 keras==3.15.1
mkdir "$work/project"
cat > "$work/project/train.py" <<'PYTHON'
"""Import Keras, and say what comes of it."""
try:
    import keras
except Exception as error:
    print(f"{type(error).__name__}: {error}")
else:
    print(f"Keras {keras.__version__} on {keras.config.backend()}")
PYTHON
cd "$work/project"
export TF_CPP_MIN_LOG_LEVEL=3
"$work/venv/bin/python" -c 'import importlib.metadata as m; print(*(f"{p} {m.version(p)}" for p in ("keras", "tensorflow")), sep=", ")'
declare -A seen
for folder in results torch tensorflow jax; do
  mkdir "$folder"
  seen[$folder]=$("$work/venv/bin/python" train.py 2> /dev/null)
  echo "beside an empty folder called $folder: ${seen[$folder]}"
  rmdir "$folder"
done
for folder in results torch tensorflow; do
  [ "${seen[$folder]}" = "Keras 3.15.1 on tensorflow" ] || { echo "the behaviour has changed"; exit 1; }
done
[ "${seen[jax]}" = "AttributeError: module 'jax' has no attribute 'monitoring'" ] || { echo "the behaviour has changed"; exit 1; }
echo "as described: an empty folder called jax keeps Keras from being imported"
