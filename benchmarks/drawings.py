"""How hard are the drawings? Logistic regression on raw pixels, split as `train` splits them.

    python benchmarks/drawings.py          about a minute

The penalty is chosen by the validation part; the test part is looked at once. The other end of the scale is what
`python main.py train` reports for `original` on the same split.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))
SIZE = 64


def main() -> None:
    """Print one line a penalty, then the one of the chosen model."""
    import numpy as np
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from study.settings.source import load_dataset
    from study.settings.train import TrainSettings

    examples = load_dataset(TrainSettings.of(image_size=SIZE)).examples()
    inputs = np.asarray(examples.inputs).reshape(len(examples.labels), -1).astype(np.float32)
    part = {name: (inputs[rows], examples.labels[rows]) for name, rows in examples.indices.items()}
    fitted = []
    for penalty in (1e-6, 1e-5, 1e-4, 1e-3):
        model = make_pipeline(StandardScaler(), LogisticRegression(C=penalty, max_iter=2000)).fit(*part["train"])
        fitted.append((model.score(*part["val"]), penalty, model))
        print(f"C {penalty:g}: {100 * fitted[-1][0]:.1f} % of validation right")
    _, penalty, best = max(fitted, key=lambda entry: entry[0])
    print(f"chosen C {penalty:g}: {100 * best.score(*part['test']):.1f} % of the test split right")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.parse_args()
    main()
