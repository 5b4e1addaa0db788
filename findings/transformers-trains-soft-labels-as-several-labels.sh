#!/usr/bin/env bash
# One would expect labels that are probabilities, one-hot, smoothed or mixed by MixUp and CutMix, to be trained by cross-entropy,
# as torch's cross_entropy does with the same tensor. The models of transformers look at the first batch: whole numbers mean one
# class an image, and anything else means several labels, so that .loss is a binary cross-entropy of each class for itself. The
# choice is written into model.config and by save_pretrained into config.json, where pipeline("image-classification") finds it
# and answers by sigmoid: the scores of an image no longer add up to 1, and nobody asked for that.
# Nothing is said, and the loss looks better than ever, 0.69 in place of 2.31 for ten classes before anything is learnt. On
# digits with one-hot labels the log loss of new images is 0.30 in place of 0.19, and scores add up to 0.7 or 1.7.
# Compute cross_entropy(model(pixel_values=images).logits, labels) yourself, and set
# config.problem_type = "single_label_classification".
# Seen with transformers 5.24.0, torch 2.14.1, torchvision 0.29.1, scikit-learn 1.9.1, pillow 13.0.0, numpy 2.4.6, 1 December
# 2026. Source: ForSequenceClassificationLoss in
# https://github.com/huggingface/transformers/blob/main/src/transformers/loss/loss_utils.py
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check transformers==5.24.0 torch==2.14.1 torchvision==0.29.1 \
    scikit-learn==1.9.1 pillow==13.0.0 numpy==2.4.6
cd "$work"
HF_HUB_OFFLINE=1 TRANSFORMERS_VERBOSITY=error venv/bin/python - <<'PYTHON'
import json
import warnings
from pathlib import Path

import numpy as np
import torch
import transformers
from PIL import Image
from sklearn.datasets import load_digits
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, one_hot
from transformers import ViTConfig, ViTForImageClassification, ViTImageProcessor, pipeline

warnings.simplefilter("error", UserWarning)  # there are none
transformers.logging.disable_progress_bar()
torch.set_num_threads(1)
digits, kinds = load_digits(return_X_y=True)
order = np.random.default_rng(0).permutation(len(digits))
digits, kinds = digits[order], torch.tensor(kinds[order])
images = torch.tensor(digits / 8 - 1, dtype=torch.float32).view(-1, 1, 8, 8).expand(-1, 3, -1, -1)
pictures = [Image.fromarray(np.uint8(row.reshape(8, 8) * 255 / 16)).convert("RGB") for row in digits[1200:1300]]
sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
processor = ViTImageProcessor(size={"height": 8, "width": 8}, image_mean=[0.5] * 3, image_std=[0.5] * 3)


def learn(name, labels, problem=None):
    """Train a small network and return its problem type, first loss, log loss on new images and the sum of an image's scores."""
    torch.manual_seed(0)
    config = ViTConfig(**sizes, image_size=8, patch_size=2, num_labels=10, problem_type=problem)
    model = ViTForImageClassification(config)
    optimizer, first = torch.optim.AdamW(model.parameters(), 2e-3), None
    for _ in range(25):
        for rows in torch.randperm(1200).split(50):
            answer = model(pixel_values=images[rows], labels=labels[rows] if problem is None else None)
            loss = answer.loss if problem is None else cross_entropy(answer.logits, labels[rows])
            if first is None:
                first = loss.item()
                both = [kind(answer.logits, one_hot(kinds[rows], 10).float()).item() for kind in (cross_entropy, binary)]
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    model.eval()
    with torch.no_grad():
        logits = model(pixel_values=images[1200:]).logits
    right, loss = (logits.argmax(1) == kinds[1200:]).float().mean().item(), cross_entropy(logits, kinds[1200:]).item()
    model.save_pretrained(name)
    kept = json.loads((Path(name) / "config.json").read_text()).get("problem_type")
    answer = pipeline("image-classification", model=name, image_processor=processor, device="cpu")
    sums = [sum(score["score"] for score in scores) for scores in answer(pictures, top_k=10)]
    print(f"{name}: in config.json {kept}, first loss {first:.2f} (cross-entropy {both[0]:.2f}, of each class {both[1]:.2f})")
    print(f"  of new images {right:.0%} right, log loss {loss:.2f}; scores add up to {min(sums):.2f} to {max(sums):.2f}")
    return kept, first, both, loss, sums


binary = binary_cross_entropy_with_logits
soft = 0.8 * one_hot(kinds, 10).float() + 0.02
print("transformers", transformers.__version__, "torch", torch.__version__)
whole = learn("whole numbers", kinds)
hot = learn("one-hot", one_hot(kinds, 10).float())
smooth = learn("smoothed", soft)
told = learn("smoothed, own loss", soft, "single_label_classification")
assert whole[0] == told[0] == "single_label_classification"
assert hot[0] == smooth[0] == "multi_label_classification"
assert abs(whole[1] - whole[2][0]) < 1e-4 and abs(hot[1] - hot[2][1]) < 1e-4
for found in (whole, told):
    assert max(abs(one - 1) for one in found[4]) < 1e-3
assert hot[3] > whole[3]
for found in (hot, smooth):
    assert max(found[4]) - min(found[4]) > 0.1
PYTHON
