#!/usr/bin/env bash
# One would expect create_feature_extractor to give under the name of a layer what that layer puts out. In AlexNet, VGG, ResNet,
# DenseNet and SqueezeNet the activation after it writes into the same memory, so that what comes back is what the ReLU left: no
# number below 0, and the same tensor under two names. Unless nothing behind the layer is asked for: then the network is cut off
# there, the ReLU is never computed, and the numbers are the layer's own. So "classifier.4", the 4,096 numbers by which AlexNet's
# images are compared, are one thing alone and another beside the class scores, and a hook gets the second.
# Nothing is said. A classifier that was trained on the features alone has 95 % of digits right; asked in one pass that returns
# scores too, by the same network and the same name, 10 %, which is chance. An index of features that was filled by the one and
# searched by the other compares unlike things.
# Ask for the same names always, or set inplace = False on every module that has it before the extractor is made.
# Seen with torchvision 0.29.1, torch 2.14.1, scikit-learn 1.9.1, numpy 2.4.6, 1 December 2026. Source: seen by running; others
# met the hook in https://github.com/ViCCo-Group/thingsvision/issues/44, and it is not in
# https://docs.pytorch.org/vision/stable/feature_extraction.html
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check torchvision==0.29.1 torch==2.14.1 \
    scikit-learn==1.9.1 numpy==2.4.6
cd "$work"
venv/bin/python - <<'PYTHON'
import warnings

import numpy as np
import sklearn
import torch
import torchvision
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torchvision import models
from torchvision.models.feature_extraction import create_feature_extractor

warnings.simplefilter("error", UserWarning)  # there are none
torch.set_num_threads(1)
torch.set_grad_enabled(False)


def build(name):
    torch.manual_seed(0)
    return getattr(models, name)().eval()


def below(features):
    return (features < 0).float().mean().item()


print("torchvision", torchvision.__version__, "torch", torch.__version__, "scikit-learn", sklearn.__version__)
noise = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
for name, layer, scores in (
    ("alexnet", "classifier.4", "classifier.6"),
    ("vgg11", "classifier.3", "classifier.6"),
    ("resnet18", "bn1", "fc"),
    ("resnet18", "layer1.0.add", "fc"),
    ("densenet121", "features.norm0", "classifier"),
    ("squeezenet1_1", "features.0", "classifier.1"),
):
    network = build(name)
    alone = create_feature_extractor(network, [layer])(noise)[layer]
    beside = create_feature_extractor(network, [layer, scores])(noise)[layer]
    print(f"{name} {layer}: below 0 alone {below(alone):.0%}, beside {scores} {below(beside):.0%}")
    assert below(alone) > 0.15 and below(beside) == 0
    assert torch.equal(alone.relu(), beside)
    for module in network.modules():
        if hasattr(module, "inplace"):
            module.inplace = False
    if layer != "bn1":
        continue
    beside = create_feature_extractor(network, [layer, scores])(noise)[layer]
    print(f"{name} {layer}, inplace = False: below 0 beside {scores} {below(beside):.0%}")
    assert torch.equal(alone, beside)

digits, kinds = load_digits(return_X_y=True)
order = np.random.default_rng(0).permutation(len(digits))[:700]
images = torch.tensor(digits[order] / 8 - 1, dtype=torch.float32).view(-1, 1, 8, 8).expand(-1, 3, -1, -1)
images, kinds = torch.nn.functional.interpolate(images, size=64, mode="bilinear"), kinds[order]
network, layer = build("alexnet"), "classifier.4"
alone = create_feature_extractor(network, [layer])
beside = create_feature_extractor(network, [layer, "classifier.6"])
train, test = slice(500), slice(500, None)
probe = make_pipeline(StandardScaler(), LogisticRegression()).fit(alone(images[train])[layer].numpy(), kinds[train])
right = [probe.score(extractor(images[test])[layer].numpy(), kinds[test]) for extractor in (alone, beside)]
print(f"classifier on features alone: right {right[0]:.0%} by features alone, {right[1]:.0%} by features beside the scores")
assert right[0] > 0.8 and right[1] < right[0] - 0.4
PYTHON
