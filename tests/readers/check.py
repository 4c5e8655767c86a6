"""Reads exports back with programs that Fieldmark has no part in, and compares them with what the library holds.

The folder that is named holds `library.json`, written by the test from the library itself, and one export in each format.
"""

import csv
import json
import sys
from pathlib import Path

from faster_coco_eval import COCO as FasterCOCO
from faster_coco_eval import COCOeval_faster
from labelformat.formats import COCOObjectDetectionInput
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

folder = Path(sys.argv[1])
library = json.loads((folder / "library.json").read_text())
images = {image["id"]: image for image in library["images"]}
annotations = [annotation | {"image": image["id"]} for image in library["images"] for annotation in image["annotations"]]


def boxes(found):
    """(file, label, box) of everything found, in an order of its own; boxes to the thousandth of a pixel."""
    return sorted((file, label, tuple(round(float(side), 3) for side in box)) for file, label, box in found)


def expected(of=lambda annotation: True):
    return boxes((images[annotation["image"]]["file"], annotation["label"], annotation["bbox"]) for annotation in annotations if annotation["bbox"] and of(annotation))


def same(found, wanted, what):
    assert found == wanted, f"{what}\nfound  {found}\nwanted {wanted}"
    print(f"{what}: {len(found)}")


def standing(annotation):
    return annotation["status"] != "rejected"


def outlined(annotation):
    """What COCO has a form for."""
    return standing(annotation) and annotation["shape"] in ("box", "polygon")


def data_set(reader, name):
    data = reader(str(folder / name))
    labels = {category["id"]: category["name"] for category in data.loadCats(data.getCatIds())}
    files = {image["id"]: image["file_name"] for image in data.loadImgs(data.getImgIds())}
    found = data.loadAnns(data.getAnnIds())
    return data, files, labels, found


for reader in (COCO, FasterCOCO):
    who = reader.__module__
    data, files, labels, found = data_set(reader, "annotations.coco.json")
    same(sorted(files.items()), sorted((id, image["file"]) for id, image in images.items()), f"{who}: images")
    for image in data.loadImgs(data.getImgIds()):
        known = images[image["id"]]
        assert [image["width"], image["height"]] == known["size"], image
        assert [image["fieldmark"]["stored_width"], image["fieldmark"]["stored_height"]] == known["stored_size"], image
    same(
        boxes((files[annotation["image_id"]], labels[annotation["category_id"]], annotation["bbox"]) for annotation in found),
        expected(outlined),
        f"{who}: boxes",
    )
    assert [labels[id] for id in sorted(labels)] == library["categories"] and min(labels) == 1
    assert sorted(annotation["id"] for annotation in found) == list(range(1, len(found) + 1))
    unannotated = {id for id in files if not data.getAnnIds(imgIds=[id])}
    same(sorted(unannotated), sorted(id for id in images if not any(standing(m) for m in images[id]["annotations"])), f"{who}: negatives")
    by_annotation = {annotation["annotation"]: annotation for annotation in annotations}
    for annotation in found:
        known, said = by_annotation[annotation["attributes"]["annotation"]], annotation["attributes"]
        assert (said["status"], said["origin"]) == (known["status"], known["origin"]), (said, known)
        assert said["confidence"] is None or abs(said["confidence"] - known["confidence"]) < 1e-6, (said, known)
        assert abs(annotation["area"] - known["area"]) < 1e-6 and annotation["iscrowd"] == 0
        assert bool(annotation["segmentation"]) == (known["shape"] == "polygon"), annotation
    outline = next(annotation for annotation in found if annotation["segmentation"])
    assert data.annToMask(outline).sum() > 0.9 * outline["area"], "an outline can be filled"

given = COCOObjectDetectionInput(input_file=folder / "annotations.coco.json")
same(
    boxes(
        (label.image.filename, each.category.name, (each.box.xmin, each.box.ymin, each.box.xmax - each.box.xmin, each.box.ymax - each.box.ymin))
        for label in given.get_labels()
        for each in label.objects
    ),
    expected(outlined),
    "labelformat: boxes",
)

# The detections against the very annotations that they are: every evaluator has to find them perfect.
results = str(folder / "annotations.coco-detections.json")
truth = json.loads((folder / "annotations.coco.json").read_text())
truth["annotations"] = [annotation for annotation in truth["annotations"] if annotation["attributes"]["confidence"] is not None]
(folder / "truth.json").write_text(json.dumps(truth))
for reader, evaluation in ((COCO, COCOeval), (FasterCOCO, COCOeval_faster)):
    data, files, labels, _ = data_set(reader, "truth.json")
    detections = data.loadRes(results)
    found = detections.loadAnns(detections.getAnnIds())
    same(
        boxes((files[annotation["image_id"]], labels[annotation["category_id"]], annotation["bbox"]) for annotation in found),
        expected(lambda annotation: outlined(annotation) and annotation["confidence"] is not None),
        f"{reader.__module__}: detections",
    )
    judged = evaluation(data, detections, "bbox")
    judged.evaluate()
    judged.accumulate()
    judged.summarize()
    assert abs(judged.stats[0] - 1) < 1e-9, judged.stats

lines = [json.loads(line) for line in (folder / "annotations.jsonl").read_text().splitlines()]
same([line["image"] for line in lines], sorted(images), "JSON Lines: images")
same(
    boxes((line["file_name"], annotation["label"], annotation["bbox"]) for line in lines for annotation in line["annotations"] if annotation["bbox"]),
    expected(),
    "JSON Lines: boxes, rejected ones too",
)
of_the_whole = {annotation["shape"]: annotation for line in lines for annotation in line["annotations"] if not annotation["bbox"]}
assert of_the_whole["image_tag"]["label"] == "indoors" and of_the_whole["caption"]["text"] == "=a cat, at rest", of_the_whole
rejected = [annotation for line in lines for annotation in line["annotations"] if annotation["status"] == "rejected"]
assert rejected and all(annotation["reject_reason"] == "wrong_label" for annotation in rejected), rejected

with open(folder / "annotations.csv", newline="", encoding="utf-8") as file:
    rows = list(csv.DictReader(file, strict=True))
same(sorted({int(row["image"]) for row in rows}), sorted(images), "CSV: images")
# What a spreadsheet would calculate begins with an apostrophe.
shown = lambda text: "'" + text if text[0] in "=+-@\t\r" else text
same(
    boxes((row["file_name"], row["label"], [row[side] for side in ("x", "y", "width", "height")]) for row in rows if row["x"]),
    boxes((shown(file), label, box) for file, label, box in expected(standing)),
    "CSV: boxes",
)
assert any(row["file_name"].startswith("'=") for row in rows), "a name like a formula is among them"

assert [row["text"] for row in rows if row["shape"] == "caption"] == ["'=a cat, at rest"]
assert [row["points"] for row in rows if row["shape"] == "point"] == ["120 80.5"]

reviewed = COCO(str(folder / "reviewed.coco.json"))
same(sorted(reviewed.getImgIds()), sorted(id for id, image in images.items() if image["review"] != "unreviewed"), "reviewed images")
same(
    sorted(annotation["attributes"]["annotation"] for annotation in reviewed.loadAnns(reviewed.getAnnIds())),
    sorted(
        annotation["annotation"]
        for annotation in annotations
        if outlined(annotation) and annotation["status"] in ("accepted", "edited") and images[annotation["image"]]["review"] != "unreviewed"
    ),
    "reviewed annotations",
)
