"""EfficientNet-Lite2: Lite0 with more repeats of its blocks and more filters in each, for 260 pixels."""

from models.parts.efficientnet_lite import VARIANTS

VARIANT = VARIANTS["efficientnet_lite2"]
SPEC, backbone, imagenet_classifier = VARIANT.spec, VARIANT.backbone, VARIANT.imagenet_classifier
