#!/usr/bin/env bash
# One would expect `SKLearnClassifier(model, warm_start=True)` to go on from the weights of the model it is given, as documented.
# Keras 3.15 clones the model either way, and clone_model draws new weights: what was trained, or loaded from ImageNet, is gone.
# Layers that were frozen are copied as frozen, so that the head is trained on features that are random and stay so. fit() twice
# starts twice from the beginning as well. The model handed in stays as it was, which makes the loss hard to see.
# Cross-validating a fine-tuned network this way compares random features, and partial training never gets further.
# Hand over a function that clones and calls set_weights, and compare a kernel of estimator.model_ with the model's.
# Seen with Keras 3.15.1 on TensorFlow 2.21.0, scikit-learn 1.9.1, 30 November 2026. Source:
# https://github.com/keras-team/keras/issues/23097 (mended for a later version)
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow==2.21.0 keras==3.15.1 scikit-learn==1.9.1
cd "$work"
export KERAS_BACKEND=tensorflow TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES=
venv/bin/python - 2> errors <<'PYTHON' || { tail -5 "$work/errors"; exit 1; }
import keras
import numpy as np
import sklearn
from keras.wrappers import SKLearnClassifier
from sklearn.datasets import make_blobs

keras.utils.set_random_seed(0)
images, labels = make_blobs(600, n_features=8, centers=4, cluster_std=4, random_state=0)
train, test = (images[:400], labels[:400]), (images[400:], labels[400:])
model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(8, "tanh"), keras.layers.Dense(4, "softmax")])


def ready(model):
    model.compile(keras.optimizers.Adam(0.01), "categorical_crossentropy")
    return model


def accuracy(network):
    return float((network.predict(test[0], verbose=0).argmax(1) == test[1]).mean())


def again(X=None, y=None):
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    return ready(copy)


ready(model).fit(train[0], keras.utils.to_categorical(train[1]), epochs=60, verbose=0)
model.layers[0].trainable = False  # the features are good as they are
ready(model)
before = accuracy(model)
features = model.layers[0].get_weights()[0]
print("keras", keras.__version__, "scikit-learn", sklearn.__version__)
print(f"the model: {before:.1%}")
for name, given in {"the model, warm_start": model, "a function that copies the weights": again}.items():
    wrapped = SKLearnClassifier(given, warm_start=True, fit_kwargs={"epochs": 1, "verbose": 0})
    found = []
    for _ in range(2):
        wrapped.fit(*train)
        found.append(accuracy(wrapped.model_))
    first = wrapped.model_.layers[0]
    kept = np.array_equal(first.get_weights()[0], features)
    print(f"{name}: {found[0]:.1%}, fitted again {found[1]:.1%}; the frozen features are the model's: {kept}")
    assert not first.trainable
    if given is model:
        assert wrapped.model_ is not model and not kept and max(found) < before - 0.2
    else:
        assert kept and min(found) > before - 0.05
assert accuracy(model) == before > 0.85
PYTHON
