/** Ways to spend less, in the plan. */
import type { ModelQuality, NoSaving, SavingChange } from "../../api/bindings";
import { count, duration } from "../format";

const images = (number: number) => `${count(number)} ${number === 1 ? "image" : "images"}`;

/** How often people agreed with a model, and with the one that it replaces. */
function quality(name: string, own: ModelQuality | null, other: string, its: ModelQuality | null): string {
  if (own === null) return "Quality not measured.";
  const accepted = ({ accepted: yes, decided }: ModelQuality) => `${count(Math.round((yes / decided) * 100))} %`;
  const of = `of ${count(own.decided)} annotations by ${name}`;
  return its === null
    ? `People accepted ${accepted(own)} ${of} unchanged.`
    : `People accepted ${accepted(own)} ${of} unchanged, and ${accepted(its)} of those by ${other}.`;
}

export const savings = {
  title: "Spend less",
  note: (number: number, model: string) =>
    `each alone, for ${number === 1 ? "this" : "these"} ${images(number)} and ${model}`,
  saves: (amount: string) => `saves ${amount}`,
  /** The worst case only. */
  savesOfBound: (amount: string) => `bound ${amount} lower`,
  use: "Use",
  useThis: (title: string) => `Use: ${title}`,
  undo: "Undo",
  undoThis: (title: string) => `Undo: ${title}`,
  time: (longerMillis: number) =>
    longerMillis < 0 ? `Takes ${duration(-longerMillis)} less.` : `Takes ${duration(longerMillis)} longer.`,
  changes: (change: SavingChange): { title: string; effect: string } => {
    switch (change.kind) {
      case "batch":
        return {
          title: "Run in batches",
          effect: "At the vendor’s price for batches; results arrive within 24 hours.",
        };
      case "skip_similar":
        return {
          title: `Skip ${count(change.images)} ${change.images === 1 ? "near-duplicate" : "near-duplicates"}`,
          effect: "One image of each group is sent, and its annotations are proposed for the others.",
        };
      case "smaller_images":
        return {
          title: `Send at ${count(change.longest_edge)} px, not ${count(change.instead_of)}`,
          effect: "Fewer image tokens; small objects may be missed.",
        };
      case "cheaper_model":
        return {
          title: `Use ${change.name}, not ${change.instead_of}`,
          effect: quality(change.name, change.quality, change.instead_of, change.quality_now),
        };
      case "fewer_examples":
        return {
          title:
            change.count === 0
              ? "Show no examples"
              : `Show ${count(change.count)} of ${count(change.of)} ${change.of === 1 ? "example" : "examples"}`,
          effect: "Shorter prompts; answers may follow the examples less closely.",
        };
      case "max_tokens":
        return {
          title: `Limit answers to ${count(change.tokens)} tokens`,
          effect:
            change.longest === null
              ? "Only bounds the worst case: longer answers are cut off, and not requested again."
              : `Only bounds the worst case: longer answers are cut off. The longest so far had ${count(change.longest)} tokens.`,
        };
    }
  },
  without: (reason: NoSaving): string => {
    switch (reason.kind) {
      case "cached":
        return `The instructions (about ${count(reason.instruction_tokens)} tokens) are read from the cache already.`;
      case "too_short_to_cache":
        return `The instructions (about ${count(reason.instruction_tokens)} tokens) are too short for the cache, which takes ${count(reason.least_tokens)} or more.`;
      case "not_cached":
        return `The cache is not counted on: the instructions (about ${count(reason.instruction_tokens)} tokens) are counted in full.`;
      case "low_effort":
        return "The model is already asked for its lowest effort.";
      case "no_effort":
        return "The effort of this model cannot be set.";
      case "no_batches":
        return "The vendor has no batches.";
      case "not_in_batches":
        return "Not in batches: an image of this recipe may take several requests, which are sent live.";
    }
  },
};
