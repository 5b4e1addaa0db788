#!/usr/bin/env bash
# One would expect `import keras` to bring what Keras needs. Where scikit-learn is installed, it also imports
# scikit-learn and, through it, SciPy with its statistics, for wrapper classes (`keras.wrappers`) that hardly anybody
# asks for: nearly 500 modules of the two, a tenth of the processor time of the import or more, and memory. Keras does
# not depend on scikit-learn, so the same program starts slower in the environment of somebody who has it, as nearly
# everybody who evaluates classifiers does. A program that starts Keras often (one process for each fold or trial) pays
# that each time. Whoever sets `sys.modules["sklearn"] = None` before `import keras`, and deletes it after, imports the
# same Keras without it; only `keras.wrappers` then says that scikit-learn is missing.
# Seen with Keras 3.15.1, TensorFlow 2.21.0 and scikit-learn 1.8.0 on Linux, 28 November 2026. Source: the import times
# of one training, by `python -X importtime`.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow==2.21.0 keras==3.15.1 scikit-learn==1.8.0
cat > "$work/start.py" <<'PYTHON'
"""Import Keras, with scikit-learn hidden from it or not; print the modules of scikit-learn and SciPy and the seconds."""
import sys
import time

if sys.argv[1] == "hidden":
    sys.modules["sklearn"] = None
started = time.process_time()
import keras

seconds = time.process_time() - started
if sys.argv[1] == "hidden":
    del sys.modules["sklearn"]
count = sum(name.partition(".")[0] in ("sklearn", "scipy") for name in sys.modules)
print(count, "scipy.stats" in sys.modules, f"{seconds:.2f}")
assert keras.ops.add(1, 1) == 2
PYTHON
export TF_CPP_MIN_LOG_LEVEL=3
"$work/venv/bin/python" -c 'import importlib.metadata as m; print(*(f"{p} {m.version(p)}" for p in ("keras", "tensorflow", "scikit-learn", "scipy")), sep=", ")'
"$work/venv/bin/python" "$work/start.py" shown > "$work/warm" 2> /dev/null  # the first start reads everything from disk
read -r count stats seconds < <("$work/venv/bin/python" "$work/start.py" shown 2> /dev/null)
echo "as it comes: $count modules of scikit-learn and SciPy, scipy.stats among them: $stats; $seconds s of processor time"
read -r fewer statistics less < <("$work/venv/bin/python" "$work/start.py" hidden 2> /dev/null)
echo "hidden:      $fewer modules of scikit-learn and SciPy, scipy.stats among them: $statistics; $less s of processor time"
[ "$stats" = True ] && [ "$statistics" = False ] && [ "$count" -gt $((fewer + 100)) ] || { echo "the behaviour has changed"; exit 1; }
echo "as described: Keras imports scikit-learn and SciPy's statistics"
