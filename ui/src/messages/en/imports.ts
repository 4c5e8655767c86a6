import type { DatasetImportProgress, DatasetPreview, ImportedLayer, ImportRole, LabelReason } from "../../api/bindings";
import { byteCount, count } from "../format";

const images = (number: number): string => `${count(number)} ${number === 1 ? "image" : "images"}`;
const annotations = (number: number): string => `${count(number)} ${number === 1 ? "annotation" : "annotations"}`;

const roles: Record<ImportRole, string> = {
  ground_truth: "Ground truth",
  predictions: "Predictions",
  work: "My earlier work",
};
const roleNotes: Record<ImportRole, string> = {
  ground_truth: "A locked layer to measure runs against",
  predictions: "A layer to review; scores become confidences",
  work: "Accepted, or as the file states",
};
const willBe: Record<ImportRole, string> = {
  ground_truth: "It is shown alone, and runs can be evaluated against it",
  predictions: "Its annotations wait for your decision",
  work: "Its annotations are yours, and its images are reviewed",
};
const reasons: Record<LabelReason, string> = {
  same_name: "same name",
  same_spelling: "other spelling",
  synonym: "synonym or plural",
  chosen: "as chosen",
  new: "new label",
};

/** Import of annotations. */
export const imports = {
  title: "Import annotations",
  about:
    "Choose a dataset: a file, a folder or a ZIP archive in COCO, YOLO, Pascal VOC or another format. You see what it brings before anything changes.",
  chooseFile: "Choose a file…",
  chooseFolder: "Choose a folder…",
  inFile: (inFile: number, of: number) => `${annotations(inFile)} on ${images(of)}`,
  format: "Format",
  automatic: "Automatic",
  detected: "detected",
  reading: "Reading the file",
  readSoFar: (read: number, of: number) => `${annotations(read)} on ${images(of)} read so far`,
  uploading: (sent: number, total: number) => `Sending the dataset: ${byteCount(sent)} of ${byteCount(total)}`,
  uploadingLabel: "Sending the dataset",
  importing: "Importing",
  progress: (progress: DatasetImportProgress | null, report: DatasetPreview | null) => {
    if (progress?.is_adding) return "Adding the layer. It can no longer be cancelled, but it can be undone.";
    return `${count(progress?.annotations ?? 0)} of ${annotations(report?.annotations ?? 0)} read`;
  },
  nothingChanged: "Nothing has been changed yet.",
  cancel: "Cancel",
  import: (number: number) => `Import ${annotations(number)}`,

  dryRun: "Dry run",
  matched: "imported",
  matchedNote: ({ library_images: number, matched }: DatasetPreview) =>
    `on ${images(number)} of the library: ${count(matched.by_path)} by path, ${count(matched.by_name_and_size)} by name and size, ${count(matched.by_hash)} by content`,
  skipped: {
    unmatched: "unmatched",
    ambiguous: "ambiguous",
    disagreeing: "other size",
    outside: "outside",
    unusable: "unusable",
    unmapped: "skipped",
    rejected: "rejected",
    already_here: "already here",
  },
  skippedNote: (reason: "unmatched" | "ambiguous" | "disagreeing", number: number) =>
    ({
      unmatched: `${images(number)} not in the library`,
      ambiguous: `${images(number)} whose match is not certain`,
      disagreeing: `${images(number)} whose size is not that of the photo`,
    })[reason],
  whySkipped: {
    outside: "beyond the edge of the image",
    unusable: "without area, coordinates or text",
    unmapped: "by their label",
    rejected: "not ground truth",
    already_here: "the same annotation is already approved",
  },
  showFiles: (number: number) => (number === 1 ? "Show 1 file" : `Show ${count(number)} files`),
  andMore: (number: number) => `and ${count(number)} more`,
  notes: (report: DatasetPreview): string[] => [
    ...(report.clipped > 0 ? [`${annotations(report.clipped)} reaching beyond the image: clipped`] : []),
    ...(report.rotated > 0
      ? [`${images(report.rotated)} annotated before the EXIF orientation was applied: rotated`]
      : []),
    ...(report.scaled > 0 ? [`${images(report.scaled)} annotated at another size: scaled`] : []),
    ...(report.failed_images > 0 ? [`${images(report.failed_images)} without an answer`] : []),
    ...report.skipped.map(({ reason, count: number }) => `Not read, ${count(number)}×: ${reason}`),
  ],

  labels: "Labels",
  labelsNote: (number: number, added: number) =>
    `${count(number)} in the file${added > 0 ? `, ${count(added)} new in the library` : ""}`,
  inTheFile: "In the file",
  annotationsHead: "Annotations",
  becomes: "Becomes",
  becomesOf: (label: string) => `What ${label} becomes`,
  why: "Why",
  skipLabel: "Skip",
  reasons,

  importAs: "Import as",
  roles,
  roleNotes,
  matchWith: "Match with the photos of",
  allPhotos: "All collections",
  check: "Check on a photo",
  checkPlace: (place: number, of: number) => `${count(place)} of ${count(of)}`,
  previousPhoto: "Previous photo",
  nextPhoto: "Next photo",
  checkPhoto: (place: number, number: number) => `Photo ${count(place)}, with ${annotations(number)} to import`,
  whatHappens: "What will happen",
  newLayer: (name: string, number: number) => `A new layer, ${name}, on ${images(number)}`,
  willBe,
  skippedInAll: (number: number) => `${annotations(number)} skipped`,
  oneUndo: "Nothing already here changes; one undo removes the layer",

  imported: ({ annotation_count: number, image_count: of, role }: ImportedLayer) =>
    `Imported ${annotations(number)} on ${images(of)} as ${roles[role].toLowerCase()}.`,
  nothing: "No image of the file is in the library, so nothing was imported.",
  unchanged: "Nothing else has changed.",
  undo: "Undo",
  show: (role: ImportRole) => (role === "predictions" ? "Review the layer" : "Show the layer"),

  /** In the history. */
  listed: "Imports",
  list: {
    name: "Dataset",
    role: "As",
    format: "Format",
    imported: "Imported",
    images: "Images",
    annotations: "Annotations",
    undecided: "Undecided",
  },
  showOf: (name: string) => `Show the layer ${name}`,
};
