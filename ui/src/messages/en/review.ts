import type { ReviewState, RejectReason, ShapeKind, Status } from "../../api/bindings";
import type { Tool } from "../../editor/tools.svelte";
import type { Accepting } from "../../editor/verdict";
import type { Amount, Labelling, Outline } from "../../editor/view.svelte";
import { count, decimal, duration, percent } from "../format";

const annotations = (number: number): string => `${count(number)} ${number === 1 ? "annotation" : "annotations"}`;
const images = (number: number): string => `${count(number)} ${number === 1 ? "image" : "images"}`;

const reasons: Record<RejectReason, string> = {
  not_there: "not there",
  wrong_label: "wrong label",
  bad_box: "bad box",
  duplicate: "duplicate",
  too_vague: "too vague",
  other: "other",
};

const statuses: Record<Status, string> = {
  proposed: "Proposed",
  accepted: "Accepted",
  edited: "Edited",
  rejected: "Rejected",
  ground_truth: "Ground truth",
};

const reviewStates: Record<ReviewState, string> = {
  unreviewed: "not reviewed",
  reviewed: "reviewed",
  confirmed_empty: "confirmed empty",
};

const kinds: Record<ShapeKind, string> = {
  box: "box",
  point: "point",
  polygon: "polygon",
  image_tag: "whole image",
  caption: "caption",
};

export const review = {
  previousImage: "Previous image",
  nextImage: "Next image",
  reviewed: "Reviewed",
  of: (total: number) => `of ${count(total)}`,
  reviewedOf: (done: number, total: number) => `Reviewed ${count(done)} of ${count(total)}`,
  pace: (milliseconds: number) => `${decimal(milliseconds / 1000)} s per image`,
  left: (milliseconds: number) =>
    milliseconds < 60_000
      ? "under a minute left"
      : `about ${duration(Math.round(milliseconds / 60_000) * 60_000)} left`,
  undo: "Undo",
  redo: "Redo",
  hideAnnotations: "Hide annotations",
  zoom: "Zoom",
  fit: "Fit",
  fitPercent: (scale: number) => `Fit, ${percent(scale)}`,
  percent,

  tools: "Tools",
  toolNames: { select: "Select", box: "Box", polygon: "Polygon", point: "Point" } satisfies Record<Tool, string>,
  toolHints: {
    box: "Drag to draw a box. Shift makes it square.",
    polygon: "Click each corner. Click the first one to close.",
    point: "Click to place a point.",
  } satisfies Record<Exclude<Tool, "select">, string>,
  toolKeys: { finish: "finish", leave: "stop" },
  tagImage: "Tag the image",
  captionImage: "Caption the image",
  withKey: (name: string, key: string) => `${name} (${key})`,
  pointer: (x: number, y: number) => `${x}, ${y}`,
  rename: (number: number) => (number === 1 ? "Label of this annotation" : `Label of ${annotations(number)}`),
  labelField: "Label",
  knownLabels: "Known labels",
  createLabel: (label: string) => `Create label “${label}”`,
  captionHint: "What the image shows. Enter saves it.",

  view: {
    title: "Display",
    outline: "Outlines",
    outlines: { thin: "Thin", normal: "Medium", bold: "Bold" } satisfies Record<Outline, string>,
    labels: "Labels",
    labellings: { always: "All", selected: "Selected", never: "None" } satisfies Record<Labelling, string>,
    amounts: { fill: "Fill", brightness: "Brightness", contrast: "Contrast" } satisfies Record<Amount, string>,
    reset: "Reset",
  },
  filter: {
    title: "Filter annotations",
    leastConfidence: "Confidence from",
    labels: "Labels",
    hidden: (number: number) => (number === 0 ? "None hidden" : `${count(number)} hidden here`),
    hiddenHere: "Hidden by the filter",
    showAll: "Show all",
    /** Beside Accept and Reject. */
    includesHidden: (number: number) =>
      number === 1 ? "Includes 1 hidden annotation" : `Includes ${count(number)} hidden annotations`,
  },

  canvas: (name: string, number: number) => `${name}, ${number === 0 ? "no annotations" : annotations(number)}`,
  unreadable: "The images to review could not be loaded",
  unreadableNote:
    "The library may be in use by another program, or its disk may not be connected. No data was changed.",
  annotationsUnreadable: "The annotations could not be loaded",
  photoUnreadable: (name: string) => `${name} cannot be opened`,
  photoUnreadablePreview: "This is the small preview that Fieldmark keeps.",
  photoUnreadableNoPreview: "There is no preview either.",
  photoUnreadableNote:
    "The photo was moved, renamed or deleted, or its disk is not connected. Put it back or connect the disk, then try again. Its annotations are kept, and you can still review them.",
  pixelsFailed: "The image could not be loaded. Its file may be missing.",
  measure: (width: number, height: number) => `${width} × ${height} px`,

  annotations: "Annotations",
  annotationsNote: (all: number, toDecide: number) =>
    all === 0 ? "" : `${count(all)}, ${toDecide === 0 ? "all decided" : `${count(toDecide)} to decide`}`,
  leastCertainFirst: "by confidence",
  mostUncertainFirst: "most uncertain first",
  notAnnotated: "No model has annotated this image yet. Accept confirms that it is empty.",
  noAnnotations: "The model found nothing here. Accept confirms that the image is empty.",
  confirmedEmpty: "Confirmed empty: there is nothing to find here.",
  noAnnotationsDecided: "No annotations.",
  statuses,
  reasons,
  kinds,
  accept: "Accept",
  reject: "Reject",
  acceptAnnotation: (label: string) => `Accept ${label}`,
  rejectAnnotation: (label: string) => `Reject ${label}`,
  annotationName: (label: string, confidence: number | null, status: Status) =>
    `${label}${confidence === null ? "" : `, ${percent(confidence)} confidence`}, ${statuses[status].toLowerCase()}`,

  selectedAnnotation: "Selected annotation",
  corners: ["Upper left corner", "Upper right corner", "Lower right corner", "Lower left corner"],
  corner: (place: number, all: number) => `Corner ${count(place)} of ${count(all)}`,
  cornerAt: (corner: string, x: number, y: number) => `${corner} at ${x}, ${y}`,
  cornerKeys: { move: "move", next: "next", insert: "add", remove: "delete", leave: "done" },
  cornerStays: "This corner cannot be deleted. Press Esc, then Del, to delete the whole annotation.",
  selectedCount: (number: number) => `${annotations(number)} selected`,
  annotationCount: annotations,
  statusCounts: (counts: readonly { status: Status; number: number }[]) =>
    counts.map(({ status, number }) => `${count(number)} ${statuses[status].toLowerCase()}`).join(", "),
  mixed: "several",
  renameAnnotations: (number: number, label: string | null) => `Label of ${annotations(number)}: ${label ?? "several"}`,
  shape: "Shape",
  confidence: "Confidence",
  range: (least: string, most: string) => `${least} to ${most}`,
  noneSelected: "Nothing is selected. Accept and Reject apply to all proposals.",
  label: "Label",
  labels: "Labels",
  nextLabel: "Label of what is drawn next",
  renameAnnotation: (label: string) => `Label: ${label}`,
  confidenceOf: (confidence: string) => `confidence ${confidence}`,
  captionText: "Caption",
  noValue: "none",
  box: "Box (px)",
  boxFields: { x: "X", y: "Y", width: "Width", height: "Height" },
  boxCorner: (x: number, y: number) => `at ${x}, ${y}`,
  status: "Status",
  byRun: (run: number) => `Run ${count(run)}`,
  propagated: "Propagated from a similar image",
  byPerson: "You",
  yes: "yes",
  no: "no",

  acceptAndNext: "Accept and next",
  /** What accepting does now. */
  accepts: (accepting: Accepting): string => {
    switch (accepting.kind) {
      case "annotations":
        return accepting.annotations.length === 1
          ? "Accept this annotation"
          : `Accept ${annotations(accepting.annotations.length)}`;
      case "image":
        return "Accept and next";
      case "confirm":
        return accepting.isEmpty ? "Confirm empty" : "Confirm and next";
      case "next_annotation":
        return "Next proposal";
      case "next_image":
        return "Next image";
    }
  },
  /** The same for the status bar. */
  acceptHint: (accepting: Accepting): string => {
    switch (accepting.kind) {
      case "annotations":
        return accepting.annotations.length === 1 ? "accept it" : `accept ${count(accepting.annotations.length)}`;
      case "image":
        return "accept, next";
      case "confirm":
        return accepting.isEmpty ? "confirm empty" : "confirm, next";
      case "next_annotation":
        return "next proposal";
      case "next_image":
        return "next image";
    }
  },
  showHint: "show",
  rejectAll: "Reject",
  rejectSelected: (number: number) => (number === 1 ? "Reject it" : `Reject ${annotations(number)}`),
  skip: "Skip",

  rejected: (number: number, name: string) => `${annotations(number)} rejected on ${name}`,
  why: "Why?",
  rejectedBecause: (reason: RejectReason) => `Rejected: ${reasons[reason]}`,

  neighbors: "Images of this review",
  neighbor: (name: string, place: number, state: ReviewState) =>
    `${name}, image ${count(place)}, ${reviewStates[state]}`,

  endDone: "Everything here is reviewed",
  endDoneNote: (total: number) => `${images(total)}, all decided.`,
  endLeft: "That was the last image",
  remainingUnknown: "The number of remaining images is not available.",
  endLeftNote: (left: number) => `${images(left)} still ${left === 1 ? "needs" : "need"} a decision.`,
  toUnreviewed: "Go to the next one",
  toLibrary: "Back to the library",

  emptyTitle: "Nothing to review",
  emptyNote: "Add photos and annotate them. You review the annotations here, the most uncertain first.",
  allReviewed: "Everything is reviewed",
  allReviewedNote: "You can open reviewed images again from the library.",
  toPlan: "Plan a run",

  nothingToReject: "There is no proposal to reject here.",
  nothingToUndo: "There is nothing to undo.",
  nothingToRedo: "There is nothing to redo.",
  nothingToUndoHere: "There is nothing to undo on this image.",
  nothingToRedoHere: "There is nothing to redo on this image.",
  undoneElsewhere: (name: string) => `Undone on ${name}, which is not in this review.`,
  redoneElsewhere: (name: string) => `Redone on ${name}, which is not in this review.`,
  failedOn: (name: string, words: string) => `${name}: ${words}`,
};
