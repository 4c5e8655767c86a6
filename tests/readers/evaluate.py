"""Evaluates detections with pycocotools, for a comparison with Fieldmark's own evaluation.

The first file that is named holds a list of datasets, each with `images` (a number), `truth` and `detections`. The second
is written: the twelve figures of each, and the seconds that each took. -1 says that there is no ground truth.
"""

import contextlib
import io
import json
import sys
import time

from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval


def evaluate(dataset):
    truth = COCO()
    labels = {annotation["label"] for annotation in dataset["truth"] + dataset["detections"]}
    truth.dataset = {
        "info": {},
        "images": [{"id": image + 1} for image in range(dataset["images"])],
        "categories": [{"id": label + 1} for label in sorted(labels)],
        "annotations": [
            {
                "id": number + 1,
                "image_id": annotation["image"] + 1,
                "category_id": annotation["label"] + 1,
                "bbox": annotation["bbox"],
                "area": annotation["area"],
                "iscrowd": int(annotation["is_crowd"]),
            }
            for number, annotation in enumerate(dataset["truth"])
        ],
    }
    truth.createIndex()
    detections = truth.loadRes(
        [
            {
                "image_id": detection["image"] + 1,
                "category_id": detection["label"] + 1,
                "bbox": detection["bbox"],
                "score": detection["score"],
            }
            for detection in dataset["detections"]
        ]
    )
    begun = time.monotonic()
    judged = COCOeval(truth, detections, "bbox")
    judged.evaluate()
    judged.accumulate()
    judged.summarize()
    return {"figures": list(judged.stats), "seconds": time.monotonic() - begun}


with open(sys.argv[1], encoding="utf-8") as file:
    datasets = json.load(file)
with contextlib.redirect_stdout(io.StringIO()):
    results = [evaluate(dataset) for dataset in datasets]
with open(sys.argv[2], "w", encoding="utf-8") as file:
    json.dump(results, file)
