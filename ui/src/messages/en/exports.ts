import type { Exported, Feature, Loss } from "../../api/bindings";
import { count } from "../format";

const images = (number: number): string => `${count(number)} ${number === 1 ? "image" : "images"}`;
const annotations = (number: number): string => `${count(number)} ${number === 1 ? "annotation" : "annotations"}`;

const features: Record<Feature, string> = {
  boxes: "boxes",
  box_outlines: "outlines of boxes",
  polygons: "polygons",
  polygon_bounds: "bounding boxes of polygons",
  polygon_rectangles: "rectangles around polygons",
  points: "points",
  image_tags: "image tags",
  captions: "captions",
  unscored_annotations: "annotations without a confidence",
  empty_images: "images without annotations",
  failed_images: "failed images",
  attributes: "attributes",
  attribute_types: "attribute types",
  confidences: "confidences",
  decisions: "decisions",
  origins: "sources (run or person)",
  annotation_ids: "annotation IDs",
  groups: "groups",
  crowds: "crowds",
  stored_sizes: "orientations",
  hashes: "file hashes",
  review_states: "review states",
  image_origins: "source images of propagated annotations",
  missing_files: "missing files",
  other_files: "duplicate files",
  failure_costs: "cost of failed images",
  splits: "splits",
  label_table: "label table",
  attribute_table: "attribute table",
  description: "run, model and recipe",
};

function lost(losses: readonly Loss[], isOmitted: boolean): string | null {
  const named = losses
    .filter(({ kind }) => (kind !== "simplified") === isOmitted)
    .map(({ feature, count: number }) => {
      const name = feature === "polygons" && !isOmitted ? "polygon outlines" : features[feature];
      return `${name} (${count(number)})`;
    });
  return named.length === 0 ? null : named.join(", ");
}

/** Export of a run. */
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
  exporting: "Writing…",
  contents: (exported: Exported) =>
    [
      images(exported.images),
      ...(exported.empty_images > 0 ? [`${count(exported.empty_images)} of them empty`] : []),
      annotations(exported.annotations),
      ...(exported.failed_images > 0 ? [`${count(exported.failed_images)} failed, with the reason`] : []),
    ].join(", "),
  drag: "Drag it to a folder or into another program, or save it.",
  noDrag: "Dragging out of the window is not supported here. Save it instead.",
  losses: ({ losses, missing }: Exported) => [
    ...[lost(losses, true)].flatMap((what) => (what === null ? [] : [`Not exported: ${what}.`])),
    ...[lost(losses, false)].flatMap((what) => (what === null ? [] : [`Simplified: ${what}.`])),
    ...(missing > 0
      ? [
          `${count(missing)} ${missing === 1 ? "file is" : "files are"} missing: the image is no longer in any folder it was added from.`,
        ]
      : []),
  ],
  save: "Save as…",
  saved: (path: string) => `Dataset written to ${path}`,
  nothingToExport: "No run has annotated an image yet. Once one has, you can export its annotations here.",
};
