#!/usr/bin/env bash
# One would expect a Keras model on the PyTorch backend, which is a torch.nn.Module, to obey train() and eval() as every module
# does, above all as a part of a PyTorch network. It takes both, sets the flag `training` on all its layers and answers as if
# it had been eval(): without training=True at the call Keras takes False. Dropout drops nothing, and BatchNormalization
# neither normalises by the batch nor learns its averages, which stay at mean 0 and variance 1 for good.
# The usual loop (net.train(), loss, backward, step) so trains without any regularisation, the loss falls all the same, and what
# a classifier of photos gains by batch normalisation is lost without a word. Inside torch.nn.Sequential nothing can be said
# at all, for it hands on nothing but x.
# Call net(x, training=True); in a PyTorch network wrap it in a module whose forward hands on training=self.training, and see
# that two answers in training differ.
# Seen with Keras 3.15.1, torch 2.13.0, numpy 2.4.6, 30 November 2026. Source: seen by running; the guide
# https://keras.io/guides/writing_a_custom_training_loop_in_torch/ has a model without dropout
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check keras==3.15.1 torch==2.13.0 numpy==2.4.6
cd "$work"
KERAS_BACKEND=torch venv/bin/python -W error - <<'PYTHON'
import keras
import torch

keras.utils.set_random_seed(0)
labels = torch.randint(0, 3, (512,))
images = torch.randn(512, 8) * 3 + 10 + 2 * torch.nn.functional.one_hot(labels, 8)


class Wrapped(torch.nn.Module):
    def __init__(self, part):
        super().__init__()
        self.part = part

    def forward(self, x):
        return self.part(x, training=self.training)


def ours():
    layers = keras.layers
    return keras.Sequential([keras.Input((8,)), layers.BatchNormalization(), layers.Dense(16, "relu"), layers.Dropout(0.5)])


def theirs():
    return torch.nn.Sequential(
        torch.nn.BatchNorm1d(8), torch.nn.Linear(8, 16), torch.nn.ReLU(), torch.nn.Dropout(0.5)
    )


def train(name, part, average):
    """Train a network of a part and a head; return whether answers in training vary, and the average that was learned."""
    network = torch.nn.Sequential(part, torch.nn.Linear(16, 3))
    network.train()
    assert all(module.training for module in network.modules())
    varies = not torch.equal(network(images), network(images))
    optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
    losses = []
    for _ in range(100):
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(network(images), labels)
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    learned = float(average().detach().mean())
    print(f"{name}: loss {losses[0]:.2f} to {losses[-1]:.2f}; dropout at work: {varies}; mean of the averages {learned:.2f}")
    return varies, learned


print("Keras", keras.__version__, "torch", torch.__version__)
part = theirs()
varies, learned = train("torch", part, lambda: part[0].running_mean)
assert varies and learned > 5
part = ours()
assert isinstance(part, torch.nn.Module)
varies, learned = train("Keras", part, lambda: part.layers[0].moving_mean.value)
assert not varies and learned == 0
part = ours()
varies, learned = train("Keras, wrapped", Wrapped(part), lambda: part.layers[0].moving_mean.value)
assert varies and learned > 5
PYTHON
