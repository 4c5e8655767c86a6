/** Likely mistakes and their repairs. */
import type { BulkEditResult, Check, RepairAction, RepairExtent } from "../../api/bindings";
import { confidence, count } from "../format";

const images = (number: number) => `${count(number)} ${number === 1 ? "image" : "images"}`;

const annotations = (number: number) => `${count(number)} ${number === 1 ? "annotation" : "annotations"}`;
const verb = (check: Check) => (check === "outside" ? "Clip" : check === "misspelled" ? "Correct" : "Reject");

/** As a filter. */
const names: Record<Check, string> = {
  duplicate: "Duplicates another annotation",
  huge: "Over 95 % of the image",
  tiny: "Under 0.1 % of the image",
  outside: "Beyond the image edge",
  odd_aspect: "Unusual proportions",
  misspelled: "Misspelled label",
};

const found: Record<Check, string> = {
  duplicate: "with annotations that duplicate another of the same label",
  huge: "with annotations over 95 % of the image",
  tiny: "with annotations under 0.1 % of the image",
  outside: "with annotations beyond the image edge",
  odd_aspect: "with boxes far wider or taller than others of their label",
  misspelled: "with labels that are likely misspelled",
};

export const checks = {
  names,
  group: "Likely mistakes",
  pending: (number: number) => `${images(number)} still to be checked`,
  found: (check: Check, number: number) => `${images(number)} ${found[check]}`,
  repairs: (check: Check, number: number): string => {
    switch (check) {
      case "outside":
        return `Clip them at the edge on ${images(number)}`;
      case "misspelled":
        return `Correct them on ${images(number)}`;
      default:
        return `Reject them on ${images(number)}`;
    }
  },
  ownRemoved: "Annotations that you drew are removed instead.",
  repaired: (check: Check, result: BulkEditResult): string => {
    const where = `on ${images(result.images)}`;
    switch (check) {
      case "outside":
        return `${annotations(result.annotations)} clipped at the edge ${where}`;
      case "misspelled":
        return `${count(result.annotations)} ${result.annotations === 1 ? "label" : "labels"} corrected ${where}`;
      default:
        return `${annotations(result.annotations)} rejected or removed ${where}`;
    }
  },
  /** Confirmation of a bulk edit. */
  ask: {
    title: (check: Check, number: number): string => {
      switch (check) {
        case "outside":
          return `Clip annotations on ${images(number)}?`;
        case "misspelled":
          return `Correct labels on ${images(number)}?`;
        default:
          return `Reject annotations on ${images(number)}?`;
      }
    },
    what: (check: Check, extent: RepairExtent): string => {
      const where = `${annotations(extent.annotations)} on ${images(extent.images)}`;
      switch (check) {
        case "outside":
          return `${where} will be clipped at the image edge.`;
        case "misspelled":
          return `${where} will get the corrected label.`;
        default:
          return `${where} will be rejected.${extent.decided > 0 ? " Those that you drew are removed." : ""}`;
      }
    },
    reviewed: ({ reviewed, images: all }: RepairExtent): string => {
      if (reviewed === 0) return all === 1 ? "The image is not reviewed." : "None of these images is reviewed.";
      if (reviewed === all) return all === 1 ? "The image is reviewed." : `All ${count(all)} images are reviewed.`;
      return `${count(reviewed)} of these images ${reviewed === 1 ? "is" : "are"} reviewed.`;
    },
    decided: ({ decided }: RepairExtent): string =>
      decided === 0
        ? ""
        : `${annotations(decided)} ${decided === 1 ? "was" : "were"} accepted, edited or drawn by a person.`,
    note: (key: string) => `Undo (${key}) reverts all of it as one step.`,
    cancel: "Cancel",
    all: (check: Check, number: number): string => `${verb(check)} ${annotations(number)}`,
    others: (check: Check, number: number): string => `${verb(check)} only the other ${count(number)}`,
  },
  nothingToRepair: "There is nothing to fix.",
  undo: "Undo",
  undone: (number: number) => `Undone on ${images(number)}`,
  undoneOn: (name: string) => `Undone on ${name}`,
  redone: (number: number) => `Redone on ${images(number)}`,
  redoneOn: (name: string) => `Redone on ${name}`,

  likelyMistake: "Likely a mistake",
  why: (check: Check, label: string, other: { label: string; confidence: number | null } | null): string => {
    switch (check) {
      case "duplicate":
        return other === null
          ? "It duplicates another annotation."
          : `It duplicates ${other.label}${other.confidence === null ? "" : ` ${confidence(other.confidence)}`}.`;
      case "huge":
        return "It covers over 95 % of the image.";
      case "tiny":
        return "It covers under 0.1 % of the image.";
      case "outside":
        return "It extends beyond the image edge.";
      case "odd_aspect":
        return `Its proportions are unusual for ${label}.`;
      case "misspelled":
        return "The label is likely misspelled.";
    }
  },
  repairAction: (repair: RepairAction): string => {
    switch (repair.kind) {
      case "reject":
        return "Reject it";
      case "remove":
        return "Remove it";
      case "crop":
        return "Clip it at the edge";
      case "relabel":
        return `Relabel it as ${repair.label}`;
    }
  },
};
