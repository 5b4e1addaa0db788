#!/usr/bin/env bash
# One would expect "total mult-adds" to be the multiplications of one answer, as it is for a network of convolutions. torchinfo
# counts a Linear layer as its weights times the number of images, to however many places of the image it is applied: a ViT has
# 197 tokens, a Swin or ConvNeXt begins with 3,136. A 1x1 convolution, which computes the very same numbers, counts each place.
# So ViT-B appears with 0.17 billion, a tenth of ResNet-18's 1.81, where it takes 17.6, ten times as many: whoever chooses a
# network for a small machine by that column takes the dearest for the cheapest. thop counts the places, but nothing of
# MultiheadAttention. Neither says that something was left out.
# Count with torch.utils.flop_counter.FlopCounterMode, halved, with gradients on, or with fvcore, which names what it left out.
# Seen with torchinfo 1.8.0, thop 0.1.1.post2209072238, torch 2.13.0, numpy 2.4.6, and the named networks by hand with
# torchvision 0.28.0, 30 November 2026. Sources: https://github.com/TylerYep/torchinfo/issues/226 and
# https://github.com/Lyken17/pytorch-OpCounter/issues/197, both open
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check torchinfo==1.8.0 thop==0.1.1.post2209072238 \
  torch==2.13.0 numpy==2.4.6
cd "$work"
venv/bin/python - <<'PYTHON'
import torch
import torchinfo
from thop import profile
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

torch.set_num_threads(1)
PLACES, WIDTH = 196, 192


class Linear(nn.Module):
    """A network that shrinks an image to 14 times 14 places and then applies Linear layers to each."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, WIDTH, 16, 16)
        self.rest = nn.Sequential(*(layer for _ in range(6) for layer in (nn.Linear(WIDTH, WIDTH), nn.GELU())))

    def forward(self, images):
        return self.rest(self.first(images).flatten(2).mT).mean(1)


class Convolution(Linear):
    """The same with 1x1 convolutions."""

    def __init__(self, other):
        super().__init__()
        self.first = other.first
        for number in range(0, 12, 2):
            layer = nn.Conv2d(WIDTH, WIDTH, 1)
            layer.weight.data = other.rest[number].weight.data[..., None, None]
            layer.bias.data = other.rest[number].bias.data
            self.rest[number] = layer

    def forward(self, images):
        return self.rest(self.first(images)).mean((2, 3))


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.block = nn.Conv2d(3, WIDTH, 16, 16), nn.MultiheadAttention(WIDTH, 3, batch_first=True)

    def forward(self, images):
        tokens = self.first(images).flatten(2).mT
        return self.block(tokens, tokens, tokens, need_weights=False)[0].mean(1)


def count(network, images):
    """Return the millions of multiplications by torch, torchinfo and thop."""
    with FlopCounterMode(display=False) as counter:
        network(images)
    summary = torchinfo.summary(network, input_data=images, verbose=0)
    numbers = [counter.get_total_flops() / 2, summary.total_mult_adds, profile(network, (images,), verbose=False)[0]]
    numbers = [number / 1e6 for number in numbers]
    print(type(network).__name__, dict(zip(("torch", "torchinfo", "thop"), (round(number, 1) for number in numbers))))
    return numbers


print("torchinfo", torchinfo.__version__, "torch", torch.__version__)
torch.manual_seed(0)
images = torch.randn(1, 3, 224, 224)
linear = Linear()
convolution = Convolution(linear)
assert torch.allclose(linear(images), convolution(images), atol=1e-5)
first = PLACES * 3 * 16 * 16 * WIDTH / 1e6
layers = 6 * PLACES * WIDTH**2 / 1e6
by_torch, by_torchinfo, by_thop = count(convolution, images)
assert max(abs(number - first - layers) for number in (by_torch, by_torchinfo, by_thop)) < 1
by_torch, by_torchinfo, by_thop = count(linear, images)
assert abs(by_torch - first - layers) < 1 and abs(by_thop - first - layers) < 1
assert abs(by_torchinfo - first - layers / PLACES) < 1
by_torch, by_torchinfo, by_thop = count(Attention(), images)
assert by_torch > first + 25 and abs(by_torchinfo - first) < 1 and abs(by_thop - first) < 1
PYTHON
