import type { Exported, ExportFormat } from "../../ipc/bindings";
import { count } from "../format";

const images = (number: number): string => `${count(number)} ${number === 1 ? "image" : "images"}`;
const marks = (number: number): string => `${count(number)} ${number === 1 ? "annotation" : "annotations"}`;

const formats: Record<ExportFormat, { name: string; note: string }> = {
  coco: { name: "COCO dataset", note: "Images, annotations, categories: for training and most tools" },
  coco_detections: { name: "COCO results", note: "Boxes with their scores: for evaluators, beside a dataset" },
  json_lines: { name: "JSON Lines", note: "One image per line, with every annotation, attribute and decision" },
  csv: { name: "CSV", note: "One annotation per row: for spreadsheets" },
};

/** A run's marks as a file. */
export const exports = {
  title: "Export a dataset",
  open: "Export",
  run: "Run",
  runName: (id: number, started: string, model: string, done: number) =>
    `Run ${count(id)}, ${started}: ${model}, ${images(done)}`,
  layers: "The run’s annotations, and what people drew, accepted or edited on its images",
  format: "Format",
  formats,
  scope: "Which annotations",
  all: "Everything",
  reviewed: "Reviewed only",
  withRejected: "With rejected annotations",
  writing: "Writing…",
  holds: (exported: Exported) =>
    [
      images(exported.images),
      ...(exported.empty_images > 0 ? [`${count(exported.empty_images)} of them empty`] : []),
      marks(exported.marks),
      ...(exported.failed_images > 0 ? [`${count(exported.failed_images)} failed, with the reason`] : []),
    ].join(", "),
  drag: "Drag it to a folder or into another program, or save it.",
  noDrag: "Dragging out of the window is not supported here. Save it instead.",
  leftOut: ({ without_form, without_score, missing }: Exported) => [
    ...(without_form > 0 ? [`Skipped: ${marks(without_form)} that this format cannot represent.`] : []),
    ...(without_score > 0 ? [`Skipped: ${marks(without_score)} without a confidence.`] : []),
    ...(missing > 0
      ? [
          `${count(missing)} ${missing === 1 ? "file is" : "files are"} missing: the image is no longer in any folder it was added from.`,
        ]
      : []),
  ],
  save: "Save as…",
  saved: (path: string) => `Dataset written to ${path}`,
  nothing: "No run has annotated an image yet. Once one has, you can export its annotations here.",
};
