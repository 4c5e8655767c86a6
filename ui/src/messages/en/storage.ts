import type {
  DerivedCount,
  LastBackup,
  LibraryCheck,
  LibraryCounts,
  LibrarySizes,
  PrunedKind,
  Relinked,
} from "../../api/bindings";
import { byteCount, count, money, moment } from "../format";
import { here } from "../place.svelte";

const plural = (value: number, one: string, many: string) => `${count(value)} ${value === 1 ? one : many}`;

const counts: Record<DerivedCount, string> = {
  labels: "label counts",
  image_labels: "labels of images",
  images: "figures of images",
  layers: "figures of runs",
  spending: "spending",
};

/** The page about the library as a whole. */
export const storage = {
  title: "Library and storage",
  show: "Show in file manager",
  contents: "Contents",
  counted: ({ images, annotations, decisions, runs, paid_dollars }: LibraryCounts) =>
    `${plural(images, "image", "images")}, ${plural(annotations, "annotation", "annotations")} (${count(decisions)} decided), ${plural(runs, "run", "runs")}, ${money(paid_dollars)} paid`,
  size: "Size on disk",
  sizes: {
    database: "Database",
    log: "Log of the database",
    thumbnails: "Thumbnails",
    uploads: "Uploaded photos",
    exports: "Exports",
    metrics: "Metrics",
    copies: "Copies made before format updates",
  } satisfies Record<keyof LibrarySizes, string>,
  total: "Total",
  backup: "Backup",
  backupNote:
    "One file with the database, settings without keys, metrics and uploaded photos. Photos elsewhere are not in it. `fieldmark library restore` puts it back.",
  backUp: "Back up…",
  backingUp: "Backing up…",
  withThumbnails: "With thumbnails",
  never: "No backup yet",
  lastBackup: ({ made_at, path, state }: LastBackup) =>
    `${moment(made_at)}: ${path}${{ there: "", gone: " (no longer there)", downloaded: " (downloaded)" }[state]}`,
  incomplete: (photos: readonly string[]) =>
    `${plural(photos.length, "uploaded photo is", "uploaded photos are")} not there, and not in the backup: ${photos[0] ?? ""}`,
  download: "Download the backup",
  check: "Check",
  checkLabel: "Check",
  checkNote: "Looks for damage in the database, and for originals that are missing. Nothing is changed.",
  checking: "Checking…",
  sound: "The library is in order.",
  damaged: (check: LibraryCheck) => `The database is damaged: ${check.damages[0] ?? ""}`,
  broken: "Some rows refer to something that does not exist.",
  differs: (of: DerivedCount) => `The ${counts[of]} differ from a recount.`,
  repair: "`fieldmark library repair` repairs the database. Copy its folder first.",
  outdated: "The library has an older format: its counts and photos were not checked.",
  missing: (originals: number) => `${plural(originals, "original is", "originals are")} missing.`,
  changed: (originals: number) => `${plural(originals, "original has", "originals have")} changed.`,
  strays: (thumbnails: number) =>
    `${plural(thumbnails, "thumbnail", "thumbnails")} without an image. Clean up removes them.`,
  more: (rest: number) => `and ${count(rest)} more`,
  relink: "Find moved photos…",
  relinkNote: () => here("", "On the server, `fieldmark library relink FOLDER` finds photos that were moved."),
  relinked: ({ found, missing_count }: Relinked) =>
    `${plural(found, "photo", "photos")} found again, ${count(missing_count)} still missing.`,
  cleanUp: "Clean up…",
  cleanUpLabel: "Clean up",
  cleanUpNote: "Removes files that nothing needs, and compacts the database. Photos, annotations and answers stay.",
  cleanTitle: "Clean up the library",
  pruned: {
    thumbnails: "Thumbnails without an image",
    uploads: "Uploads that are no image of the library",
    exports: "Prepared exports",
    copies: "Older copies made before format updates",
    database: "Unused space in the database",
  } satisfies Record<PrunedKind, string>,
  files: (files: number) => plural(files, "file", "files"),
  remove: (bytes: number) => `Free ${byteCount(bytes)}`,
  cancel: "Cancel",
  freed: (bytes: number) => `${byteCount(bytes)} freed.`,
  nothing: "There is nothing to remove.",
};
