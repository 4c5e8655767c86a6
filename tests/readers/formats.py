"""Reads datasets of every format with programs that Fieldmark has no part in, and writes datasets with them.

The folder that is named holds what the test has written: `written/` with a dataset for each format and choice of options,
images included, and for each a file `.truth.json`. The datasets written here are listed in `made.json`.
"""

import csv
import json
import logging
import os
import sys
import warnings
from pathlib import Path

os.environ.update(HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1", HF_DATASETS_DISABLE_PROGRESS_BARS="1")
warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)

import datasets
import datumaro
import labelformat.formats as labelformat
import numpy
import supervision
from datumaro.components.annotation import Bbox
from datumaro.components.media import Image as DatumaroImage
from globox import Annotation, AnnotationSet, BoundingBox
from label_studio_sdk.converter import Converter
from PIL import Image, ImageOps

folder = Path(sys.argv[1])
TOLERANCE = 0.01


class Written:
    """A dataset as it was written, and what it has to hold."""

    def __init__(self, name):
        self.name = name
        self.path = folder / "written" / name
        truth = json.loads((folder / f"{name}.truth.json").read_text(encoding="utf-8"))
        self.images = {image["id"]: image for image in truth["images"]}
        lines = (self.path / "fieldmark.jsonl").read_text(encoding="utf-8").splitlines() if self.path.is_dir() else []
        self.index = {line["file"].rsplit(".", 1)[0]: line for line in map(json.loads, lines)}

    def image(self, name):
        """The image whose path ends in `name`, with or without an extension."""
        stem = str(name).removeprefix(f"{self.path}/")
        stem = stem.removesuffix(".jpg")
        found = {line["image"] for path, line in self.index.items() if f"/{path}".endswith(f"/{stem}")}
        assert len(found) == 1, f"{self.name}: {name} is {found}"
        return found.pop()

    def check(self, reader, found, split=None, labels=None):
        """Compares (name, size, [(label, box)]) of images. Readers that ignore EXIF scale fractions by the stored size."""
        seen = {}
        for name, size, boxes in found:
            image = self.images[self.image(name)]
            scale = [side / known for side, known in zip(image["size"], size)] if size else [1, 1]
            named = [((labels or {}).get(label, label), [side * scale[place % 2] for place, side in enumerate(box)]) for label, box in boxes]
            seen[image["id"]] = sorted(named)
        expected = [line["image"] for line in self.index.values() if split in (None, line["split"])]
        assert sorted(seen) == sorted(expected), f"{self.name} by {reader}: images {sorted(seen)} of {sorted(expected)}"
        for id, boxes in seen.items():
            wanted = sorted((each["label"], each["box"]) for each in self.images[id]["boxes"])
            message = f"{self.name} by {reader}, {self.images[id]['file_name']}:\nfound  {boxes}\nwanted {wanted}"
            assert len(boxes) == len(wanted), message
            for (label, box), (wanted_label, wanted_box) in zip(boxes, wanted):
                assert label == wanted_label, message
                assert all(abs(a - b) < TOLERANCE for a, b in zip(box, wanted_box)), message
        print(f"{self.name} by {reader}: {len(seen)} images, {sum(map(len, seen.values()))} boxes")


def of_labelformat(given):
    for label in given.get_labels():
        boxes = [(each.category.name, (each.box.xmin, each.box.ymin, each.box.xmax, each.box.ymax)) for each in label.objects]
        yield label.image.filename, (label.image.width, label.image.height), boxes


def of_globox(annotations):
    for annotation in annotations:
        boxes = [(box.label, (box.xmin, box.ymin, box.xmax, box.ymax)) for box in annotation.boxes]
        yield annotation.image_id, annotation.image_size, boxes


def of_supervision(given):
    for path, _, found in given:
        boxes = [(given.classes[label], tuple(map(float, box))) for label, box in zip(found.class_id, found.xyxy)]
        yield path, None, boxes


def of_datumaro(given):
    labels = given.categories()[datumaro.AnnotationType.label]
    for item in given:
        boxes = []
        for annotation in item.annotations:
            x, y, width, height = annotation.get_bbox()
            boxes.append((labels[annotation.label].name, (x, y, x + width, y + height)))
        yield item.id, None, boxes


def of_hugging_face(given, index):
    files = {line["image"]: line["file"] for line in index.values()}
    for row in given:
        upright = ImageOps.exif_transpose(row["image"]).size
        assert upright == (row["width"], row["height"]), row
        objects = row["objects"]
        boxes = [(label, (x, y, x + width, y + height)) for label, (x, y, width, height) in zip(objects["category"], objects["bbox"])]
        yield files[row["image_id"]], None, boxes


def without_outlines(name):
    """For readers that skip polygons."""
    written = Written(name)
    for image in written.images.values():
        image["boxes"] = [box for box in image["boxes"] if not box["points"]]
    return written


def supervision_yolo(path, split, **options):
    return supervision.DetectionDataset.from_yolo(
        str(path / "images" / split), str(path / "labels" / split), str(path / "data.yaml"), **options
    )


yolo = Written("yolo")
numbers = {str(number): name for number, name in enumerate(["not found", "cup", "traffic light", "7 & more", '=bell, "red"'])}
for split, named in (("train", "train"), ("val", "validation")):
    given = labelformat.YOLOv8ObjectDetectionInput(yolo.path / "data.yaml", split)
    yolo.check("labelformat", of_labelformat(given), named)
    yolo.check("supervision", of_supervision(supervision_yolo(yolo.path, split)), named)
    given = AnnotationSet.from_yolo_v5(yolo.path / "labels" / split, image_folder=yolo.path / "images" / split)
    yolo.check("globox", of_globox(given), named, numbers)
    for name, options in (("yolo-segment", {}), ("yolo-obb", {"is_obb": True})):
        written = Written(name)
        written.check("supervision", of_supervision(supervision_yolo(written.path, split, **options)), named)
    written = Written("yolo-segment")
    given = AnnotationSet.from_yolo_seg(
        written.path / "labels" / split, image_folder=written.path / "images" / split, relative=True
    )
    written.check("globox", of_globox(given), named, numbers)
yolo.check("datumaro", of_datumaro(datumaro.Dataset.import_from(str(yolo.path), "yolo")))

voc = Written("voc")
voc.check("globox", of_globox(AnnotationSet.from_pascal_voc(voc.path / "Annotations")))
voc.check("datumaro", of_datumaro(datumaro.Dataset.import_from(str(voc.path), "voc_detection")))
counted_from_1 = Written("voc-1")
given = supervision.DetectionDataset.from_pascal_voc(
    str(counted_from_1.path / "JPEGImages"), str(counted_from_1.path / "Annotations")
)
counted_from_1.check("supervision", of_supervision(given))

labelme = Written("labelme")
for below in ("day 1", "day 2", "."):
    inside = {name for name in labelme.index if name.rpartition("/")[0] == ("" if below == "." else below)}
    given = supervision.DetectionDataset.from_labelme(str(labelme.path / below), str(labelme.path / below))
    part = Written("labelme")
    part.index = {name: line for name, line in part.index.items() if name in inside}
    part.check("supervision", of_supervision(given))
    part.check("globox", of_globox(AnnotationSet.from_labelme(labelme.path / below, include_poly=True)))

cvat, boxes_only = Written("cvat"), without_outlines("cvat")
boxes_only.check("labelformat", of_labelformat(labelformat.CVATObjectDetectionInput(cvat.path / "annotations.xml")))
boxes_only.check("globox", ((name, None, boxes) for name, _, boxes in of_globox(AnnotationSet.from_cvat(cvat.path / "annotations.xml"))))
cvat.check("datumaro", of_datumaro(datumaro.Dataset.import_from(str(cvat.path), "cvat")))

written = Written("datumaro")
written.check("datumaro", of_datumaro(datumaro.Dataset.import_from(str(written.path), "datumaro")))

open_images = Written("open-images")
with open(open_images.path / "annotations" / "class-descriptions.csv", newline="", encoding="utf-8") as file:
    descriptions = dict(csv.reader(file))
given = datumaro.Dataset.import_from(str(open_images.path), "open_images")
open_images.check("datumaro", of_datumaro(given), labels=descriptions)

# It looks for images by their names without extension.
for split, named in (("train", "train"), ("validation", "validation")):
    links = folder / "links" / split
    links.mkdir(parents=True)
    for image in (open_images.path / "images" / split).iterdir():
        (links / image.stem).symlink_to(image)
    given = AnnotationSet.from_openimage(open_images.path / "annotations" / f"{split}-annotations-bbox.csv", image_folder=links)
    with_boxes = Written("open-images")
    with_boxes.index = {name: line for name, line in with_boxes.index.items() if with_boxes.images[line["image"]]["boxes"]}
    with_boxes.check("globox", of_globox(given), named, descriptions)

createml = Written("createml")
given = supervision.DetectionDataset.from_createml(str(createml.path), str(createml.path / "annotations.json"))
createml.check("supervision", of_supervision(given))

via = without_outlines("via")
via.check("globox", of_globox(AnnotationSet.from_via_json(via.path / "via_region_data.json", label_key="label")))

# Label Studio's own converter reads annotations, not predictions, and only one kind of label.
label_studio = Written("label-studio")
tasks = json.loads((label_studio.path / "tasks.json").read_text(encoding="utf-8"))
for task in tasks:
    task["annotations"] = [{"id": 1, "result": prediction["result"]} for prediction in task["predictions"]]
(folder / "tasks.json").write_text(json.dumps(tasks), encoding="utf-8")
config = (label_studio.path / "label_config.xml").read_text(encoding="utf-8")
converter = Converter(config=config, project_dir=None, download_resources=False)
converter.convert_to_coco(str(folder / "tasks.json"), str(folder / "converted"), is_dir=False)
converted = json.loads((folder / "converted" / "result.json").read_text(encoding="utf-8"))
for place, image in enumerate(label_studio.images.values()):
    boxes = sorted(found["bbox"] for found in converted["annotations"] if found["image_id"] == place)
    wanted = sorted([x1, y1, x2 - x1, y2 - y1] for x1, y1, x2, y2 in (box["box"] for box in image["boxes"]))
    assert len(boxes) == len(wanted), (boxes, wanted)
    assert all(abs(a - b) < TOLERANCE for box, known in zip(boxes, wanted) for a, b in zip(box, known)), (boxes, wanted)
print(f"label-studio by label_studio_sdk: {len(converted['annotations'])} boxes")

hugging_face = Written("huggingface")
given = datasets.load_dataset("imagefolder", data_dir=str(hugging_face.path), cache_dir=str(folder / "cache"))
for split in given:
    hugging_face.check("datasets", of_hugging_face(given[split], hugging_face.index), split)
hugging_face = Written("huggingface-parquet")
given = datasets.load_dataset(str(hugging_face.path / "data"), cache_dir=str(folder / "cache"))
for split in given:
    hugging_face.check("datasets", of_hugging_face(given[split], hugging_face.index), split)

# A dataset of the programs themselves: upright images with names that every format can hold.
made, plain = [], folder / "plain"
plain.mkdir()
truth = {}
for image in yolo.images.values():
    size, name = image["size"], f"image-{image['id']}"
    Image.new("RGB", size, (90, 120, 150)).save(plain / f"{name}.jpg")
    # Some of the programs write whole numbers.
    boxes = [(box["label"], [round(side) for side in box["box"]]) for box in image["boxes"] if box["label"] in ("cup", "traffic light")]
    truth[name] = boxes


def add(format, by, path, images=None, **options):
    made.append({"format": format, "by": by, "path": str(path), "options": options, "images": images or truth})


def copied(name):
    """A folder for a dataset with the images in `name`."""
    target = folder / "made" / name
    target.mkdir(parents=True)
    for image in plain.iterdir():
        (target / image.name).write_bytes(image.read_bytes())
    return target


classes = ["cup", "traffic light"]
annotations = {
    str(plain / f"{name}.jpg"): supervision.Detections(
        xyxy=numpy.array([box for _, box in boxes], dtype=float).reshape(-1, 4),
        class_id=numpy.array([classes.index(label) for label, _ in boxes], dtype=int),
    )
    for name, boxes in truth.items()
}
given = supervision.DetectionDataset(classes=classes, images=sorted(annotations), annotations=annotations)
out = folder / "made" / "supervision"
given.as_yolo(str(out / "yolo" / "images" / "train"), str(out / "yolo" / "labels" / "train"), str(out / "yolo" / "data.yaml"))
add("yolo", "supervision", out / "yolo")
given.as_pascal_voc(str(out / "voc" / "JPEGImages"), str(out / "voc" / "Annotations"))
add("voc", "supervision", out / "voc", **{"first-pixel": "1"})
given.as_labelme(str(out / "labelme"), str(out / "labelme"))
add("labelme", "supervision", out / "labelme")
given.as_createml(str(out / "createml"), str(out / "createml" / "_annotations.createml.json"))
add("createml", "supervision", out / "createml")
given.as_coco(annotations_path=str(out / "coco.json"))
add("coco", "supervision", out / "coco.json")

items = [
    datumaro.DatasetItem(
        id=name,
        subset="train",
        media=DatumaroImage.from_file(path=str(plain / f"{name}.jpg")),
        annotations=[
            Bbox(box[0], box[1], box[2] - box[0], box[3] - box[1], label=classes.index(label), id=number + 1)
            for number, (label, box) in enumerate(boxes)
        ],
    )
    for name, boxes in truth.items()
]
given = datumaro.Dataset.from_iterable(items, categories=classes)
for format, theirs in (
    ("datumaro", "datumaro"),
    ("voc", "voc_detection"),
    ("cvat", "cvat"),
    ("open-images", "open_images"),
):
    out = folder / "made" / "datumaro" / format
    given.export(str(out), theirs, save_media=True)
    add(format, "datumaro", out)
given.export(str(folder / "made" / "datumaro" / "coco"), "coco_instances", save_media=False)
add("coco", "datumaro", folder / "made" / "datumaro" / "coco" / "annotations" / "instances_train.json")

given = AnnotationSet(
    Annotation(
        f"{name}.jpg",
        tuple(Image.open(plain / f"{name}.jpg").size),
        [BoundingBox(label=label, xmin=box[0], ymin=box[1], xmax=box[2], ymax=box[3]) for label, box in boxes],
    )
    for name, boxes in truth.items()
)
out = copied("globox-labelme")
given.save_labelme(out)
add("labelme", "globox", out)
out = copied("globox-voc")
given.save_pascal_voc(out)
add("voc", "globox", out)
out = folder / "made"
given.save_cvat(out / "globox-cvat.xml")
add("cvat", "globox", out / "globox-cvat.xml")
given.save_via_json(out / "globox-via.json", label_key="label", image_folder=plain)
add("via", "globox", out / "globox-via.json")
out = copied("globox-yolo")
given.save_yolo_v5(out, label_to_id={"cup": 0, "traffic light": 1})
(out / "classes.txt").write_text("cup\ntraffic light\n")
add("yolo", "globox", out)

# Classes as numbers, without sizes, and objects as lists or as a list of objects.
box, label = datasets.Sequence(datasets.Value("float32"), length=4), datasets.ClassLabel(names=classes)
for name, objects in (
    ("lists", {"bbox": datasets.Sequence(box), "category": datasets.Sequence(label)}),
    ("objects", [{"bbox": box, "category": label}]),
):
    rows = []
    for stem, boxes in truth.items():
        each = [{"bbox": [x1, y1, x2 - x1, y2 - y1], "category": classes.index(label)} for label, (x1, y1, x2, y2) in boxes]
        lists = {key: [one[key] for one in each] for key in ("bbox", "category")}
        rows.append({"image": str(plain / f"{stem}.jpg"), "objects": lists if name == "lists" else each})
    features = datasets.Features({"image": datasets.Image(), "objects": objects})
    out = folder / "made" / "hugging-face" / f"train-{name}.parquet"
    out.parent.mkdir(exist_ok=True)
    datasets.Dataset.from_list(rows, features=features).to_parquet(str(out))
    add("huggingface", "datasets", out)

(folder / "made.json").write_text(json.dumps(made), encoding="utf-8")
print(f"{len(made)} datasets made")
