/** Marks that are likely mistakes, and what repairs them. */
import type { Repair } from "../../checks/repair";
import type { Check, Swept } from "../../ipc/bindings";
import { confidence, count } from "../format";

const images = (number: number) => `${count(number)} ${number === 1 ? "image" : "images"}`;
const marks = (number: number) => `${count(number)} ${number === 1 ? "mark" : "marks"}`;

/** As a filter, after "likely mistake". */
const names: Record<Check, string> = {
  duplicate: "Repeats another mark",
  huge: "Over 95 % of the image",
  tiny: "Under 0.1 % of the image",
  outside: "Over the image’s edge",
  odd_aspect: "Unusual proportions",
  misspelled: "Misspelled label",
};

const found: Record<Check, string> = {
  duplicate: "with marks that repeat another of the same label",
  huge: "with marks over 95 % of the image",
  tiny: "with marks under 0.1 % of the image",
  outside: "with marks that reach over the image’s edge",
  odd_aspect: "with boxes far wider or higher than others of their label",
  misspelled: "with labels that are likely misspelled",
};

export const checks = {
  names,
  group: "Likely mistakes",
  unchecked: (number: number) => `${images(number)} still to be looked through`,
  found: (check: Check, number: number) => `${images(number)} ${found[check]}`,
  repairs: (check: Check, number: number): string => {
    switch (check) {
      case "outside":
        return `Cut them at the edge on ${images(number)}`;
      case "misspelled":
        return `Correct them on ${images(number)}`;
      default:
        return `Reject them on ${images(number)}`;
    }
  },
  ownAreRemoved: "Marks that you drew are removed instead.",
  repaired: (check: Check, swept: Swept): string => {
    const where = `on ${images(swept.images)}`;
    switch (check) {
      case "outside":
        return `${marks(swept.marks)} cut at the edge ${where}`;
      case "misspelled":
        return `${count(swept.marks)} ${swept.marks === 1 ? "label" : "labels"} corrected ${where}`;
      default:
        return `${marks(swept.marks)} rejected or removed ${where}`;
    }
  },
  decided: {
    title: "Reject accepted marks too?",
    what: (decided: number, all: number) =>
      decided === all
        ? `${all === 1 ? "This mark has" : `All ${count(all)} of these marks have`} been accepted, edited or drawn by a person.`
        : `Of these ${marks(all)}, ${count(decided)} ${decided === 1 ? "has" : "have"} been accepted, edited or drawn by a person.`,
    note: "Either way, Undo takes all of it back at once.",
    notNow: "Not now",
    all: (number: number) => (number === 1 ? "Reject it" : `Reject all ${count(number)}`),
    others: (number: number) => `Reject the other ${count(number)}`,
  },
  nothingRepaired: "There was nothing left to repair.",
  undo: "Undo",
  undone: (number: number) => `Taken back on ${images(number)}`,

  likely: "Likely a mistake",
  why: (check: Check, label: string, other: { label: string; confidence: number | null } | null): string => {
    switch (check) {
      case "duplicate":
        return other === null
          ? "It repeats another mark."
          : `It repeats ${other.label}${other.confidence === null ? "" : ` ${confidence(other.confidence)}`}.`;
      case "huge":
        return "It covers over 95 % of the image.";
      case "tiny":
        return "It covers under 0.1 % of the image.";
      case "outside":
        return "It reaches over the image’s edge.";
      case "odd_aspect":
        return `Other boxes of ${label} are far less wide or high.`;
      case "misspelled":
        return "The label is likely misspelled.";
    }
  },
  repairOne: (repair: Repair, label: string | null): string => {
    switch (repair) {
      case "reject":
        return "Reject it";
      case "remove":
        return "Remove it";
      case "cut":
        return "Cut it at the edge";
      case "relabel":
        return `Relabel it ${label ?? ""}`;
    }
  },
};
