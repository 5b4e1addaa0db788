#!/usr/bin/env bash
# One would expect a box that was turned in Label Studio to be exported as the upright box around it, and as the same one in
# every format. YOLO and Pascal VOC get the box as if it had not been turned, at the corner around which it was
# turned: for 90 degrees that is a box beside the object, which shares nothing with it. COCO gets the box around the turned one,
# but reckoned in percent of the image's width and height, as if these were equal: right in square images, and elsewhere
# narrower, wider or moved. YOLO OBB alone, with four corners, is right. Boxes that were not turned are right in all.
# Crops that are cut by such boxes show what lies beside the object, under its class.
# Export as YOLO OBB or JSON and make upright boxes of the corners, or set canRotate="false" before anything is labelled.
# Seen with label-studio-sdk 2.1.2, 30 November 2026. Source:
# https://github.com/HumanSignal/label-studio-converter/issues/131 and
# https://github.com/HumanSignal/label-studio/issues/5223
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check label-studio-sdk==2.1.2
cd "$work"
venv/bin/python - 2>error.txt <<'PYTHON' || { cat error.txt; exit 1; }
import json
import math
import xml.etree.ElementTree as xml
from importlib.metadata import version
from pathlib import Path

from label_studio_sdk.converter import Converter
from label_studio_sdk.converter.converter import Format

INTERFACE = """<View><Image name="image" value="$image"/>
<RectangleLabels name="label" toName="image"><Label value="cat"/></RectangleLabels></View>"""
LEFT, TOP, WIDTH, HEIGHT = 400, 200, 160, 40  # of the box in pixels, which is turned around its left upper corner


def export(image_width, image_height, angle):
    """Return format -> [left, top, right, bottom] in pixels of one box that was turned by some degrees."""
    value = {"x": 100 * LEFT / image_width, "y": 100 * TOP / image_height, "width": 100 * WIDTH / image_width,
             "height": 100 * HEIGHT / image_height, "rotation": angle, "rectanglelabels": ["cat"]}
    region = {"id": "1", "type": "rectanglelabels", "from_name": "label", "to_name": "image", "image_rotation": 0,
              "original_width": image_width, "original_height": image_height, "value": value}
    annotation = {"id": 1, "completed_by": {"id": 1, "email": "a@example.org"}, "was_cancelled": False, "result": [region]}
    Path("tasks.json").write_text(json.dumps([{"id": 1, "data": {"image": "/data/1.png"}, "annotations": [annotation]}]))
    folder = Path(f"{image_width}-{image_height}-{angle}")
    for kind in ("COCO", "VOC", "YOLO", "YOLO_OBB"):
        converter = Converter(INTERFACE, str(folder), download_resources=False)
        converter.convert("tasks.json", str(folder / kind), Format[kind], is_dir=False)
    left, top, width, height = json.loads((folder / "COCO/result.json").read_text())["annotations"][0]["bbox"]
    found = {"COCO": [left, top, left + width, top + height]}
    box = xml.parse(next(folder.glob("VOC/**/*.xml"))).find(".//bndbox")
    found["VOC"] = [float(box.find(name).text) for name in ("xmin", "ymin", "xmax", "ymax")]
    for kind in ("YOLO", "YOLO_OBB"):
        numbers = [float(text) for text in next(folder.glob(f"{kind}/labels/*.txt")).read_text().split()[1:]]
        if kind == "YOLO":
            x, y, width, height = numbers
            across, down = [x - width / 2, x + width / 2], [y - height / 2, y + height / 2]
        else:
            across, down = numbers[::2], numbers[1::2]
        found[kind] = [min(across) * image_width, min(down) * image_height, max(across) * image_width, max(down) * image_height]
    cosine, sine = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    across = [0, WIDTH * cosine, -HEIGHT * sine, WIDTH * cosine - HEIGHT * sine]
    down = [0, WIDTH * sine, HEIGHT * cosine, WIDTH * sine + HEIGHT * cosine]
    found["truth"] = [LEFT + min(across), TOP + min(down), LEFT + max(across), TOP + max(down)]
    found = {name: [round(place) for place in places] for name, places in found.items()}
    print(f"{image_width} x {image_height}, turned by {angle}: {found}")
    return found


def share(first, second):
    """Return the intersection over union of two boxes."""
    width = min(first[2], second[2]) - max(first[0], second[0])
    height = min(first[3], second[3]) - max(first[1], second[1])
    inside = max(width, 0) * max(height, 0)
    return inside / (sum((box[2] - box[0]) * (box[3] - box[1]) for box in (first, second)) - inside)


print("label-studio-sdk", version("label-studio-sdk"))
for size in ((800, 800), (800, 400)):
    upright = export(*size, 0)
    assert all(box == upright["truth"] for box in upright.values())
    for angle in (30, 90, 270):
        found = export(*size, angle)
        shares = {name: round(share(box, found["truth"]), 2) for name, box in found.items()}
        print("    intersection over union with the truth:", shares)
        assert shares["YOLO_OBB"] == 1 and (shares["COCO"] == 1) == (size == (800, 800))
        assert found["YOLO"] == found["VOC"] == upright["truth"] and shares["YOLO"] < 0.5
PYTHON
