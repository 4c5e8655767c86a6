import type { Exported, Feature, Loss } from "../../ipc/bindings";
import { count } from "../format";

const images = (number: number): string => `${count(number)} ${number === 1 ? "image" : "images"}`;
const annotations = (number: number): string => `${count(number)} ${number === 1 ? "annotation" : "annotations"}`;

const features: Record<Feature, string> = {
  boxes: "boxes",
  polygons: "polygons",
  polygon_bounds: "boxes around polygons",
  points: "points",
  image_tags: "image tags",
  captions: "captions",
  unscored_annotations: "annotations without a confidence",
  empty_images: "images without annotations",
  failed_images: "failed images",
  attributes: "attributes",
  attribute_types: "types of attributes",
  confidences: "confidences",
  decisions: "decisions",
  origins: "runs and people",
  annotation_ids: "numbers of annotations",
  groups: "groups",
  crowds: "crowds",
  stored_sizes: "orientations",
  hashes: "hashes of files",
  review_states: "review states of images",
  image_origins: "images that annotations came from",
  missing_files: "missing files",
  other_files: "other files of an image",
  failure_costs: "costs of failed images",
  splits: "splits",
  label_table: "table of labels",
  attribute_table: "table of attributes",
  description: "run, model and recipe",
};

function lost(losses: readonly Loss[], isLeftOut: boolean): string | null {
  const named = losses
    .filter(({ kind }) => (kind !== "simplified") === isLeftOut)
    .map(({ feature, count: number }) => {
      const name = feature === "polygons" && !isLeftOut ? "outlines of polygons" : features[feature];
      return `${name} (${count(number)})`;
    });
  return named.length === 0 ? null : named.join(", ");
}

/** A run's marks as a file. */
export const exports = {
  title: "Export a dataset",
  open: "Export",
  run: "Run",
  runName: (id: number, started: string, model: string, done: number) =>
    `Run ${count(id)}, ${started}: ${model}, ${images(done)}`,
  layers: "The run’s annotations, and what people drew, accepted or edited on its images",
  format: "Format",
  scope: "Which annotations",
  all: "Everything",
  reviewed: "Reviewed only",
  withRejected: "With rejected annotations",
  writing: "Writing…",
  holds: (exported: Exported) =>
    [
      images(exported.images),
      ...(exported.empty_images > 0 ? [`${count(exported.empty_images)} of them empty`] : []),
      annotations(exported.annotations),
      ...(exported.failed_images > 0 ? [`${count(exported.failed_images)} failed, with the reason`] : []),
    ].join(", "),
  drag: "Drag it to a folder or into another program, or save it.",
  noDrag: "Dragging out of the window is not supported here. Save it instead.",
  leftOut: ({ losses, missing }: Exported) => [
    ...[lost(losses, true)].flatMap((what) => (what === null ? [] : [`Skipped: ${what}.`])),
    ...[lost(losses, false)].flatMap((what) => (what === null ? [] : [`Not kept: ${what}.`])),
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
