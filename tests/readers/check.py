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
marks = [mark | {"image": image["id"]} for image in library["images"] for mark in image["marks"]]


def boxes(found):
    """(file, label, box) of everything found, in an order of its own; boxes to the thousandth of a pixel."""
    return sorted((file, label, tuple(round(float(side), 3) for side in box)) for file, label, box in found)


def expected(of=lambda mark: True):
    return boxes((images[mark["image"]]["file"], mark["label"], mark["bbox"]) for mark in marks if mark["bbox"] and of(mark))


def same(found, wanted, what):
    assert found == wanted, f"{what}\nfound  {found}\nwanted {wanted}"
    print(f"{what}: {len(found)}")


def standing(mark):
    return mark["status"] != "rejected"


def outlined(mark):
    """What COCO has a form for."""
    return standing(mark) and mark["shape"] in ("box", "polygon")


def data_set(reader, name):
    data = reader(str(folder / name))
    labels = {category["id"]: category["name"] for category in data.loadCats(data.getCatIds())}
    files = {image["id"]: image["file_name"] for image in data.loadImgs(data.getImgIds())}
    found = data.loadAnns(data.getAnnIds())
    return data, files, labels, found


for reader in (COCO, FasterCOCO):
    who = reader.__module__
    data, files, labels, found = data_set(reader, "marks.coco.json")
    same(sorted(files.items()), sorted((id, image["file"]) for id, image in images.items()), f"{who}: images")
    for image in data.loadImgs(data.getImgIds()):
        known = images[image["id"]]
        assert [image["width"], image["height"]] == known["size"], image
        assert [image["fieldmark"]["stored_width"], image["fieldmark"]["stored_height"]] == known["stored_size"], image
    same(
        boxes((files[mark["image_id"]], labels[mark["category_id"]], mark["bbox"]) for mark in found),
        expected(outlined),
        f"{who}: boxes",
    )
    assert [labels[id] for id in sorted(labels)] == library["categories"] and min(labels) == 1
    assert sorted(mark["id"] for mark in found) == list(range(1, len(found) + 1))
    unmarked = {id for id in files if not data.getAnnIds(imgIds=[id])}
    same(sorted(unmarked), sorted(id for id in images if not any(standing(m) for m in images[id]["marks"])), f"{who}: negatives")
    by_mark = {mark["mark"]: mark for mark in marks}
    for mark in found:
        known, said = by_mark[mark["attributes"]["mark"]], mark["attributes"]
        assert (said["status"], said["origin"]) == (known["status"], known["origin"]), (said, known)
        assert said["confidence"] is None or abs(said["confidence"] - known["confidence"]) < 1e-6, (said, known)
        assert abs(mark["area"] - known["area"]) < 1e-6 and mark["iscrowd"] == 0
        assert bool(mark["segmentation"]) == (known["shape"] == "polygon"), mark
    outline = next(mark for mark in found if mark["segmentation"])
    assert data.annToMask(outline).sum() > 0.9 * outline["area"], "an outline can be filled"

given = COCOObjectDetectionInput(input_file=folder / "marks.coco.json")
same(
    boxes(
        (label.image.filename, each.category.name, (each.box.xmin, each.box.ymin, each.box.xmax - each.box.xmin, each.box.ymax - each.box.ymin))
        for label in given.get_labels()
        for each in label.objects
    ),
    expected(outlined),
    "labelformat: boxes",
)

# The detections against the very marks that they are: every evaluator has to find them perfect.
results = str(folder / "marks.coco-detections.json")
truth = json.loads((folder / "marks.coco.json").read_text())
truth["annotations"] = [mark for mark in truth["annotations"] if mark["attributes"]["confidence"] is not None]
(folder / "truth.json").write_text(json.dumps(truth))
for reader, evaluation in ((COCO, COCOeval), (FasterCOCO, COCOeval_faster)):
    data, files, labels, _ = data_set(reader, "truth.json")
    detections = data.loadRes(results)
    found = detections.loadAnns(detections.getAnnIds())
    same(
        boxes((files[mark["image_id"]], labels[mark["category_id"]], mark["bbox"]) for mark in found),
        expected(lambda mark: outlined(mark) and mark["confidence"] is not None),
        f"{reader.__module__}: detections",
    )
    judged = evaluation(data, detections, "bbox")
    judged.evaluate()
    judged.accumulate()
    judged.summarize()
    assert abs(judged.stats[0] - 1) < 1e-9, judged.stats

lines = [json.loads(line) for line in (folder / "marks.jsonl").read_text().splitlines()]
same([line["image"] for line in lines], sorted(images), "JSON Lines: images")
same(
    boxes((line["file_name"], mark["label"], mark["bbox"]) for line in lines for mark in line["marks"] if mark["bbox"]),
    expected(),
    "JSON Lines: boxes, rejected ones too",
)
of_the_whole = {mark["shape"]: mark for line in lines for mark in line["marks"] if not mark["bbox"]}
assert of_the_whole["image_tag"]["label"] == "indoors" and of_the_whole["caption"]["text"] == "=a cat, at rest", of_the_whole
rejected = [mark for line in lines for mark in line["marks"] if mark["status"] == "rejected"]
assert rejected and all(mark["reject_reason"] == "wrong_label" for mark in rejected), rejected

with open(folder / "marks.csv", newline="", encoding="utf-8") as file:
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
    sorted(mark["attributes"]["mark"] for mark in reviewed.loadAnns(reviewed.getAnnIds())),
    sorted(
        mark["mark"]
        for mark in marks
        if outlined(mark) and mark["status"] in ("accepted", "edited") and images[mark["image"]]["review"] != "unreviewed"
    ),
    "reviewed marks",
)
