import { count, decimal, takenWithZone } from "../format";
import type { Privacy } from "../../state/connections.svelte";
import type { ImageState, SkipReason, Taken } from "../../api/bindings";
import { failures } from "./failures";
import { here } from "../place.svelte";

const images = (number: number) => `${count(number)} ${number === 1 ? "image" : "images"}`;
const files = (number: number) => `${count(number)} ${number === 1 ? "file" : "files"}`;

export const library = {
  collections: "Collections",
  addFolders: "Add folders",
  allImages: "All images",
  collection: {
    rename: "Rename",
    plan: "Plan a run…",
    show: "Show in file manager",
    remove: "Remove…",
    actionsOf: (name: string) => `Actions for ${name}`,
    name: "Name of the collection",
    removeTitle: (name: string) => `Remove “${name}”?`,
    removeNote: "Images that are in no other collection leave the library. The files stay where they are.",
    removeKeeps: "Annotations and decisions are kept. Add the folder again to get them back.",
    removeConfirm: "Remove",
    keep: "Keep",
    removed: (name: string) => `“${name}” removed`,
    restored: (name: string) => `“${name}” restored`,
    undo: "Undo",
  },
  noLabels: "Annotations will be counted here by label.",
  dropHint: "Drop folders anywhere in this window. Originals are only read.",
  eachFolder: "Each folder that you drop becomes a collection.",
  images,
  shownOf: (shown: number, all: number) => `${count(shown)} of ${images(all)}`,
  selectedOf: (selected: number, listed: number) => `${count(selected)} of ${count(listed)} selected`,
  /** A button that shows them again. */
  annotationsHidden: "Show annotations",
  selectAll: (number: number) => `Select all ${count(number)}`,
  clearSelection: "Clear the selection",
  reviewSelected: (number: number) => `Review ${count(number)}`,
  skippedFiles: (number: number) => `${files(number)} skipped`,
  review: "Review",
  annotate: (number: number) => `Annotate ${images(number)}…`,
  status: "Review state",
  filters: {
    all: "All",
    unreviewed: "Unreviewed",
    reviewed: "Reviewed",
    confirmed_empty: "Empty",
    failed: "Failed",
    running: "Running",
  } satisfies Record<"all" | ImageState, string>,
  thumbnailSize: "Thumbnail size",
  sidebarWidth: "Width of the sidebar",
  sidebarWidthNote: "Drag to change the width, double-click to reset it",
  grid: "Images",
  unnamed: "Image",
  taken: (at: Taken) => `Taken ${takenWithZone(at)}`,
  annotationNoun: (number: number) => (number === 1 ? "annotation" : "annotations"),
  states: {
    unreviewed: "Unreviewed",
    reviewed: "Reviewed",
    confirmed_empty: "Confirmed empty",
    failed: "Failed",
    running: "In a run",
  } satisfies Record<ImageState, string>,
  empty: "empty",
  failures,
  emptyCollection: "No images in this collection",
  importing: {
    scanning: (found: number) => `Scanning folders, ${files(found)} so far`,
    adding: (done: number, found: number) => `Adding ${count(done)} of ${files(found)}`,
    skipped: (number: number) => `${files(number)} skipped`,
    label: "Adding images",
    cancel: "Cancel",
  },
  skipped: {
    title: "Skipped files",
    note: "These were found in the folders but are not in the library. They were not changed.",
    file: "File",
    why: "Why",
    more: (number: number) => `and ${count(number)} more`,
    /** Summary of a group of skipped files, as in "1,500 HEIC files: not supported". */
    kind: (reason: SkipReason, number: number): string => {
      switch (reason.kind) {
        case "empty":
          return `${files(number)}: empty`;
        case "not_an_image":
          return `${files(number)}: not an image`;
        case "not_supported": {
          const some = `${count(number)} ${reason.format} ${number === 1 ? "file" : "files"}: not supported`;
          return reason.detail === null ? some : `${some} (${reason.detail})`;
        }
        case "damaged":
          return `${files(number)}: damaged`;
        case "too_many_pixels":
          return `${files(number)}: too large`;
        case "too_much_memory":
          return `${files(number)}: decoding needs more memory than allowed`;
        case "file_too_large":
          return `${files(number)}: more than 2,000 MB`;
        case "unreadable":
          return `${files(number)}: could not be read`;
      }
    },
    reason: (reason: SkipReason): string => {
      switch (reason.kind) {
        case "empty":
          return "Empty file";
        case "not_an_image":
          return "Not an image";
        case "not_supported":
          return reason.detail === null ? `${reason.format} is not supported` : `${reason.format}: ${reason.detail}`;
        case "damaged":
          return "Damaged or truncated";
        case "too_many_pixels":
          return `Too large: ${decimal(reason.megapixels)} megapixels`;
        case "too_much_memory": {
          const what =
            reason.size === null ? "Reading it" : `${count(reason.size.width)} x ${count(reason.size.height)} pixels`;
          return `${what}: ${count(reason.needed_megabytes)} MB of memory needed, ${count(reason.allowed_megabytes)} MB allowed. Change the limit in Settings, Import.`;
        }
        case "file_too_large":
          return `Too large: ${count(reason.megabytes)} MB, and the limit is 2,000 MB`;
        case "unreadable":
          return "Could not be read";
      }
    },
  },
  welcome: {
    title: "Drop folders of photos here",
    note: "JPEG, PNG, WebP, GIF, TIFF, BMP, including subfolders. Photos stay where they are and are only read.",
    choose: "Choose folders",
    samples: "Try with the samples",
    privacy: (privacy: Privacy): string => {
      const machine = here("this machine", "the server");
      if (privacy === "unknown") return `Nothing leaves ${machine} without your consent`;
      if (privacy === "locked") return `Locked: nothing leaves ${machine}`;
      if (privacy === "nothing_set_up") return `Nothing leaves ${machine}`;
      return "You see what is sent, and where, before it is sent";
    },
    samplesNote: "6 photos to try Fieldmark with",
    works: {
      title: "Works now, without a key",
      lines: [
        "The built-in detector finds 80 everyday objects",
        "Review with two keys, export as COCO, YOLO, CSV and more",
        "Pause or close at any time: finished images are saved",
      ],
    },
    adds: {
      title: "With a key or a server of your own",
      lines: [
        "Any object that you can name or describe, with attributes",
        "Vision models side by side, each with its cost before the run",
        "A budget that is never exceeded; nothing is paid twice",
      ],
      settings: "Add a key or a server",
    },
    never: {
      title: "Private",
      lines: (privacy: string) => [privacy, "No account, no telemetry", "Your photos are only read, never changed"],
      settings: "Privacy settings",
    },
  },
};
