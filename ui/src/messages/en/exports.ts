import type { ExportPhase, Exported, Feature, FormatGroup, ImageFileMode, Loss, SplitPart } from "../../api/bindings";
import { byteCount, count, percent } from "../format";

const images = (number: number): string => `${count(number)} ${number === 1 ? "image" : "images"}`;
const annotations = (number: number): string => `${count(number)} ${number === 1 ? "annotation" : "annotations"}`;

const features: Record<Feature, string> = {
  boxes: "boxes",
  box_outlines: "outlines of boxes",
  polygons: "polygons",
  polygon_bounds: "bounding boxes of polygons",
  polygon_rectangles: "rectangles around polygons",
  key_points: "key points",
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

const groups: Record<FormatGroup, string> = {
  training: "For training",
  tools: "For annotation tools",
  tables: "Tables and pictures",
};

const imageModes: Record<ImageFileMode, { name: string; note: string }> = {
  left: { name: "Leave in place", note: "the dataset names the files" },
  copied: { name: "Copy", note: "into a folder with the dataset" },
  linked: { name: "Link", note: "hard links: no extra space, same disk only" },
  zipped: { name: "Zip", note: "one ZIP file with everything" },
};

const parts: Record<SplitPart, string> = { train: "Train", validation: "Validation", test: "Test" };

const phases: Record<ExportPhase, string> = {
  preparing: "Reading the library",
  writing: "Writing",
  finishing: "Saving to disk",
};

/** What becomes of a lost feature; `areBounds`: polygons become boxes. */
function becomes({ feature, kind }: Loss, areBounds: boolean): string {
  if (kind !== "simplified") return "skipped";
  if (feature === "polygons") return areBounds ? "become boxes" : "simplified";
  return feature === "boxes" ? "become outlines" : "skipped";
}

/** Export of a dataset. */
export const exports = {
  title: "Export a dataset",
  open: "Export",
  format: "Format",
  groups,
  lossless: "keeps everything in the library",
  what: "What to export",
  scope: "Images to export",
  run: "Run",
  runName: (id: number, started: string, model: string, done: number) =>
    `Run ${count(id)}, ${started}: ${model}, ${images(done)}`,
  scopes: {
    run: (run: number | null) => (run === null ? "Run" : `Run ${count(run)}`),
    collection: "Collection",
    allImages: "All images",
    filter: "Filter",
    selection: "Selection",
  },
  layer: (run: number, model: string) => `Run ${count(run)}, ${model}`,
  importedLayer: (name: string) => `Import: ${name}`,
  yours: "People’s annotations",
  decidedOnly: "Decided annotations only",
  rejectedOut: (number: number) => (number === 0 ? "" : `${count(number)} rejected skipped`),
  withRejected: "With rejected annotations",
  negatives: "Images without annotations, as negatives",
  confirmedEmpty: (number: number) => (number === 0 ? "" : `${count(number)} confirmed empty`),
  unannotated: (number: number) =>
    `${images(number)} ${number === 1 ? "was" : "were"} never annotated and ${number === 1 ? "is" : "are"} skipped.`,
  images: "Images",
  imageModes,
  split: "Split",
  seed: "Seed",
  shares: (train: number, validation: number, test: number) =>
    `${count(train)} % train, ${count(validation)} % validation, ${count(test)} % test`,
  trainEnd: "End of training",
  validationEnd: "End of validation",
  parts,
  share: (share: number) => percent(share),
  partImages: images,
  partAnnotations: annotations,
  keepsGroups: "Keep bursts together",
  groupCount: (number: number) => `${count(number)} ${number === 1 ? "group" : "groups"}`,
  balances: "Balance labels",
  rarest: (label: string, counts: readonly number[]) => `rarest, ${label}: ${counts.map(count).join(", ")}`,
  keptParts: (number: number) =>
    `${images(number)} ${number === 1 ? "keeps its" : "keep their"} part of an earlier export. Another seed is another split.`,
  card: "Data card",
  cardFile: (isFile: boolean) => (isFile ? "beside the file" : "README.md"),
  reviewed: "Reviewed",
  reviewedOf: (reviewed: number, all: number) => `${count(reviewed)} of ${images(all)}`,
  reviewedHow: (alone: number, bulk: number, imported: number) =>
    `${count(alone)} one by one, ${count(bulk)} in bulk${imported === 0 ? "" : `, ${count(imported)} imported`}`,
  audit: "Audit",
  auditOf: (wrong: number, judged: number, label: string) =>
    `${label}: ${count(wrong)} wrong of ${count(judged)} checked`,
  atMost: (share: number) => `at most ${percent(share)} wrong, at 95 %`,
  precision: "Precision",
  precisionOf: (right: number, judged: number) => `${count(right)} of ${count(judged)} decided one by one`,
  between: (low: number, high: number) => `${percent(low)} to ${percent(high)}`,
  notMeasured: "not measured",
  license: "License",
  licensePlaceholder: "SPDX identifier or text",
  losses: (format: string) => `What ${format} cannot keep`,
  noLosses: (format: string) => `${format} keeps everything in this export.`,
  feature: (feature: Feature) => features[feature],
  becomes,
  missing: (number: number) =>
    `${count(number)} ${number === 1 ? "file is" : "files are"} missing: the image is no longer in any folder it was added from.`,
  unreadable: (number: number) =>
    `${count(number)} image ${number === 1 ? "file" : "files"} could not be read and ${number === 1 ? "is" : "are"} not in the export`,
  keepEverything: "Keep it beside the labels, in fieldmark.jsonl",
  files: "Files",
  bytes: (bytes: number, isEstimated: boolean) => `${isEstimated ? "about " : ""}${byteCount(bytes)}`,
  fileCount: (number: number) => `${count(number)} ${number === 1 ? "file" : "files"}`,
  sample: "Beginning of the file",
  to: "To",
  noTarget: "Not chosen yet",
  chooseTarget: "Choose…",
  free: (bytes: number) => `${byteCount(bytes)} free`,
  isTaken: "A file is there already: choose a name.",
  asDownload: "Downloaded as one file",
  contents: (exported: Exported) =>
    [
      images(exported.images),
      ...(exported.empty_images > 0 ? [`${count(exported.empty_images)} of them empty`] : []),
      annotations(exported.annotations),
      ...(exported.failed_images > 0 ? [`${count(exported.failed_images)} failed, with the reason`] : []),
      ...(exported.unreadable?.length ? [`${count(exported.unreadable.length)} not readable`] : []),
    ].join(", "),
  looking: "Counting…",
  cancel: "Cancel",
  close: "Close",
  exportImages: (number: number) => `Export ${images(number)}`,
  progress: (phase: ExportPhase, done: number, total: number) =>
    total === 0 ? `${phases[phase]}…` : `${phases[phase]}: ${count(done)} of ${count(total)}`,
  saved: (path: string) => `Dataset written to ${path}`,
  ready: (name: string) => `${name} is ready`,
  drag: "Drag it to a folder or into another program",
  show: "Show in folder",
};
