import type { Exported, ExportFormat } from "../../ipc/bindings";
import { count } from "../format";

const images = (number: number): string => `${count(number)} ${number === 1 ? "image" : "images"}`;
const marks = (number: number): string => `${count(number)} ${number === 1 ? "mark" : "marks"}`;

const formats: Record<ExportFormat, { name: string; note: string }> = {
  coco: { name: "COCO dataset", note: "Images, annotations, categories: for training and most tools" },
  coco_detections: { name: "COCO results", note: "Boxes with their scores: for evaluators, beside a dataset" },
  json_lines: { name: "JSON Lines", note: "One image a line, with every mark, attribute and decision" },
  csv: { name: "CSV", note: "One mark a row: for spreadsheets" },
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
  scope: "Which marks",
  all: "Everything",
  reviewed: "Reviewed only",
  withRejected: "With rejected marks",
  writing: "Writing it…",
  holds: (exported: Exported) =>
    [
      images(exported.images),
      ...(exported.empty_images > 0 ? [`${count(exported.empty_images)} of them empty`] : []),
      marks(exported.marks),
      ...(exported.failed_images > 0 ? [`${count(exported.failed_images)} failed, with the reason`] : []),
    ].join(", "),
  drag: "Drag it to a folder or into another program, or save it.",
  noDrag: "Nothing can be dragged out of the window here. Save it instead.",
  leftOut: ({ without_form, without_score, missing }: Exported) => [
    ...(without_form > 0 ? [`Left out: ${marks(without_form)} that this format has no form for.`] : []),
    ...(without_score > 0 ? [`Left out: ${marks(without_score)} without a confidence.`] : []),
    ...(missing > 0
      ? [
          `${count(missing)} ${missing === 1 ? "file is" : "files are"} missing: no copy of the image is left where it was seen.`,
        ]
      : []),
  ],
  save: "Save as…",
  saved: (path: string) => `Dataset written to ${path}`,
  nothing: "No run has answered an image yet. Once one has, its marks can be exported here.",
};
