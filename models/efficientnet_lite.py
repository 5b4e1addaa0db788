"""EfficientNet-Lite0: the weights come with the program; see `models.parts.efficientnet_lite`."""

from models.parts.efficientnet_lite import VARIANTS

VARIANT = VARIANTS["efficientnet_lite"]
SPEC, backbone, imagenet_classifier = VARIANT.spec, VARIANT.backbone, VARIANT.imagenet_classifier
