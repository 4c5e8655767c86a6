"""Finds the images of exports beside their annotations, with a program that Fieldmark has no part in.

The folder that is named holds `yolo/`, in Ultralytics' layout and split, and `coco/`, a COCO file for each part beside its
images. `library.json` has the number of boxes by name of the image.
"""

import json
import sys
from pathlib import Path

import supervision
from PIL import Image

folder = Path(sys.argv[1])
boxes = json.loads((folder / "library.json").read_text())


def check(reader, dataset, expected):
    """`expected` has the name in the library by the name in the dataset."""
    found = {}
    for path, image, detections in dataset:
        assert Path(path).is_file() and image.size > 0, path
        Image.open(path).verify()
        found[expected[Path(path).name]] = len(detections)
    wanted = {name: boxes[name] for name in expected.values()}
    assert found == wanted, f"{reader}\nfound  {found}\nwanted {wanted}"
    print(f"{reader}: {len(found)} images")


parts = {"train": {}, "val": {}, "test": {}}
for line in (folder / "yolo" / "fieldmark.jsonl").read_text().splitlines():
    line = json.loads(line)
    parts[line["file"].split("/")[1]][Path(line["file"]).name] = Path(line["file_name"]).name
for part, names in parts.items():
    yolo = supervision.DetectionDataset.from_yolo(
        images_directory_path=str(folder / "yolo" / "images" / part),
        annotations_directory_path=str(folder / "yolo" / "labels" / part),
        data_yaml_path=str(folder / "yolo" / "data.yaml"),
    )
    check(f"yolo {part}", yolo, names)
    coco = supervision.DetectionDataset.from_coco(
        images_directory_path=str(folder / "coco"), annotations_path=str(folder / "coco" / f"{part}.json")
    )
    check(f"coco {part}", coco, {name: name for name in names.values()})
assert sum(map(len, parts.values())) == len(boxes)
