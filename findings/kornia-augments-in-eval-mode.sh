#!/usr/bin/env bash
# One would expect a random transform that is a layer of the network to rest after eval(), as dropout does and as Keras' random
# layers do outside fit. kornia's augmentations are torch modules, advertised as layers to put into a network, but none of them
# asks for the mode: they go on turning, cropping and erasing in eval(), in validation, in the final test and in answers to
# users. Nothing is said, and training goes as it should.
# One image gets another answer each time, and a test is measured on damaged images. Here a perfect network, 100 % right by
# itself, is 62 to 82 % right in eval() mode behind an augmentation, and of 300 images 90 to 105 have another class in a second
# round. Early stopping and the choice of the best epoch follow that noise.
# Keep augmentation out of the network and call it on training batches alone, or wrap it in a module that asks self.training.
# Seen with kornia 0.9.0, torch 2.13.0, numpy 2.4.6, 30 November 2026. Source: seen by running;
# https://kornia.readthedocs.io/en/latest/augmentation.html shows them in nn.Sequential and does not speak of the mode
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check kornia==0.9.0 torch==2.13.0 numpy==2.4.6
cd "$work"
venv/bin/python - <<'PYTHON'
import warnings

import kornia
import kornia.augmentation as augment
import torch
from torch import nn

torch.set_num_threads(1)
torch.manual_seed(0)
labels = torch.arange(300) % 3
images = torch.rand(300, 3, 16, 16) * 0.2
for number, label in enumerate(labels):  # a bright stripe at the left, in the middle or at the right is the class
    images[number, :, :, 5 * label : 5 * label + 6] += 0.7


class Stripes(nn.Module):
    def forward(self, batch):
        return torch.stack([batch[..., 5 * k : 5 * k + 6].mean((1, 2, 3)) for k in range(3)], dim=1)


@torch.no_grad()
def judge(name, first):
    """Return accuracy in eval() mode and how many of the images have another class in a second round."""
    network = nn.Sequential(first, Stripes()).eval()
    assert not any(module.training for module in network.modules())
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # there are none
        once, twice = network(images).argmax(1), network(images).argmax(1)
    accuracy, other = float((once == labels).float().mean()), int((once != twice).sum())
    print(f"{name}: accuracy {accuracy:.1%}, another class the second time {other} of {len(labels)}")
    return accuracy, other


print("kornia", kornia.__version__, "torch", torch.__version__)
assert judge("no augmentation", nn.Identity()) == (1, 0)
assert judge("torch's dropout", nn.Dropout(0.5)) == (1, 0)
for first in (
    augment.RandomHorizontalFlip(p=0.5),
    augment.RandomAffine(degrees=0, translate=(0.4, 0.0)),
    augment.RandomResizedCrop((16, 16), scale=(0.2, 0.6)),
    augment.AugmentationSequential(augment.RandomHorizontalFlip(), data_keys=["input"]),
    augment.ImageSequential(augment.RandomRotation(60.0), augment.RandomHorizontalFlip()),
):
    accuracy, other = judge(type(first).__name__, first)
    assert accuracy < 0.9 and other > 50


class Augment(nn.Module):
    def forward(self, batch):
        return augment.RandomHorizontalFlip(p=0.5)(batch) if self.training else batch


assert judge("wrapped", Augment()) == (1, 0)
PYTHON
