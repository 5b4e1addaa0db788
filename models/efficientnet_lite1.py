"""EfficientNet-Lite1: Lite0 with more repeats of its blocks, for 240 pixels."""

from models.parts.efficientnet_lite import VARIANTS

VARIANT = VARIANTS["efficientnet_lite1"]
SPEC, backbone, imagenet_classifier = VARIANT.spec, VARIANT.backbone, VARIANT.imagenet_classifier
