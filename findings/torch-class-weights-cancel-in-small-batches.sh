#!/usr/bin/env bash
# One would expect a class weight of 19 to make a mistake on a rare image count nineteen times one on a common image. torch's
# cross_entropy, CrossEntropyLoss and NLLLoss divide the weighted sum of a batch by the sum of its weights, not by the number of
# its images: the rare image counts nineteen times those beside it, and once where it is by itself. In batches of one image
# the weights do nothing at all, and little in batches of 4, as large images need; in batches of 64 they weigh again.
# Here one image in twenty is rare. Of the rare ones a network trained with weights finds 24 % after batches of one, and is to
# the last digit the network that was trained without them; 58 % after batches of 4, 83 % after batches of 64. Gathering the
# gradients of 64 batches of one does not help. Where the same labels are one-hot rows, as mixup makes them, the sum is divided
# by the number of images: 83 to 88 % at any size, and a rare image by itself has a loss nineteen times as large.
# (weights[labels] * cross_entropy(logits, labels, reduction="none")).mean(), or labels as one-hot rows.
# Seen with torch 2.13.0, numpy 2.4.6, 30 November 2026. Source: https://github.com/pytorch/pytorch/issues/61309, which is open
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 numpy==2.4.6
cd "$work"
venv/bin/python - <<'PYTHON'
import warnings

import torch
from torch.nn.functional import cross_entropy, one_hot

warnings.simplefilter("error")  # there are none
torch.set_num_threads(1)
WEIGHTS, IMAGES = torch.tensor([1.0, 19.0]), 2000
generator = torch.Generator().manual_seed(0)


def draw(count, share):
    labels = (torch.rand(count, generator=generator) < share).long()
    images = torch.randn(count, 5, generator=generator)
    images[:, 0] += 2 * labels
    return images, labels


images, labels = draw(IMAGES, 0.05)
new, truth = draw(4000, 0.5)


def train(batch, weights=WEIGHTS, rows=False, gather=1):
    """Return the share of rare images that a network finds which was trained by batches of a size, and its weights."""
    torch.manual_seed(0)
    network = torch.nn.Linear(5, 2)
    small = batch * gather == 1
    optimizer = torch.optim.Adam(network.parameters(), lr=0.002 if small else 0.01)
    for epoch in range(2 if small else 8 if batch * gather < 64 else 60):
        order = torch.randperm(IMAGES, generator=torch.Generator().manual_seed(epoch))
        for step, chosen in enumerate(order.split(batch), start=1):
            target = one_hot(labels[chosen], 2).float() if rows else labels[chosen]
            (cross_entropy(network(images[chosen]), target, weight=weights) / gather).backward()
            if step % gather == 0:
                optimizer.step()
                optimizer.zero_grad()
    found = (network(new).argmax(1) == 1)[truth == 1]
    return float(found.float().mean()), network.weight.detach()


print("torch", torch.__version__)
logits = torch.tensor([[2.0, -1.0]])
for target in (torch.tensor([1]), one_hot(torch.tensor([1]), 2).float()):
    loss, plain = (float(cross_entropy(logits, target, weight=weights)) for weights in (WEIGHTS, None))
    print(f"a rare image by itself, label {target.tolist()}: loss {loss:.3f} with weights, {plain:.3f} without")
    assert abs(loss / plain - (19 if target.is_floating_point() else 1)) < 1e-4
found = {}
for batch in (1, 4, 64):
    (weighted, ours), (plain, theirs), (rows, _) = train(batch), train(batch, None), train(batch, rows=True)
    print(f"batches of {batch}: rare images found {weighted:.0%} with weights, {plain:.0%} without, {rows:.0%} by one-hot rows")
    found[batch] = weighted
    assert torch.equal(ours, theirs) == (batch == 1)
    assert plain < 0.5 and rows > 0.8
assert found[1] < 0.3 and found[4] < 0.7 and found[64] > 0.8
(weighted, ours), (plain, theirs) = train(1, gather=64), train(1, None, gather=64)
print(f"64 gradients of one image each: {weighted:.0%} with weights, {plain:.0%} without")
assert torch.equal(ours, theirs) and weighted < 0.5
PYTHON
