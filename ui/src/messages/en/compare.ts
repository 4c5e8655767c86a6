import type { Agreements } from "../../api/bindings";
import { count, percent } from "../format";

const images = (number: number): string => `${count(number)} ${number === 1 ? "image" : "images"}`;
const things = (number: number): string => `${count(number)} ${number === 1 ? "object" : "objects"}`;
const letters = { first: "A", second: "B" };

export const compare = {
  letters,
  /** Separates the names of two sides. */
  between: (first: string, second: string) => `${first} ↔ ${second}`,
  run: (id: number, model: string) => `Run ${count(id)} ${model}`,
  decided: "People’s decisions",
  sides: { first: "Side A", second: "Side B" },
  swap: "Swap A and B",
  compare: "Compare",
  compareWith: "Compare with…",
  chooseTitle: (run: number) => `Compare run ${count(run)} with`,
  chooseNote: "On the images that both cover.",
  decidedNote: "What you accepted, edited or drew on reviewed images",
  leave: "Back to the previous screen",

  summary: ({ relabelled, only_first, only_second, agreed }: Agreements) =>
    `${things(relabelled + only_first + only_second)} ${relabelled + only_first + only_second === 1 ? "differs" : "differ"}, ${count(agreed)} agreed`,
  differing: (differing: number, all: number) =>
    `${count(differing)} of ${images(all)} ${differing === 1 ? "differs" : "differ"}`,
  imageOf: (place: number, all: number) => `Image ${count(place)} of ${count(all)}`,
  decidedOf: (settled: number, all: number) => `Decided on ${count(settled)} of ${images(all)}`,

  figures: "Agreement",
  columns: { kind: "Objects", first: "A", second: "B" },
  agreed: "Agreed",
  relabelled: "Different label",
  onlyHere: "Only here",
  share: "Agreement",
  percent,

  differences: "Differences",
  differencesNote: (all: number, open: number) =>
    all === 0 ? "none here" : `${count(all)}, ${open === 0 ? "all decided" : `${count(open)} to decide`}`,
  agreedGroup: (number: number) => `Agreed by both, ${count(number)}`,
  onlyOne: { first: "Only A:", second: "Only B:" },
  or: "or",
  both: "Both:",
  states: {
    open: "to decide",
    first: "A kept",
    second: "B kept",
    both: "both kept",
    neither: "neither kept",
  },
  overlap: (share: number) => `The two overlap by ${percent(share)}.`,

  choose: "Choose",
  nothing: "nothing",
  keepBoth: "Both",
  keepNeither: "Neither",
  acceptAgreed: (number: number) => `Accept ${count(number)} agreed, next`,
  nextImage: "Next image",
  previousImage: "Previous image",
  skip: "Skip",
  undo: "Undo the last decision",
  hideAgreed: "Hide agreed annotations",

  photo: (name: string, differences: number) =>
    `${name}, ${differences === 0 ? "no differences" : differences === 1 ? "1 difference" : `${count(differences)} differences`}`,
  strip: "Images that differ",
  stripImage: (name: string, place: number, isSettled: boolean) =>
    `${name}, image ${count(place)}, ${isSettled ? "decided" : "to decide"}`,
  comparing: "Comparing",

  endDone: "Every difference is decided",
  endDoneNote: (all: number) => `${images(all)} differed.`,
  endLeft: "That was the last image",
  endLeftNote: (left: number) => `${images(left)} still ${left === 1 ? "has" : "have"} differences to decide.`,
  toUndecided: "Go to the next one",

  failedTitle: "The comparison failed",
  noRunsTitle: "Nothing to compare yet",
  noRunsNote: "A comparison needs a run with answers, and a second run or images that you have reviewed.",
  oneRunTitle: "Nothing to compare with yet",
  oneRunNote: (run: number) =>
    `Only run ${count(run)} has answers. Annotate the same images with another model, or review some of them.`,
  disjointTitle: "These sides have no images in common",
  disjointNote: "Choose other sides above, or annotate the images of one with the other's model.",
  undecidedTitle: "None of these images is reviewed yet",
  undecidedNote: "Review some of this run's images, or choose another side above.",
  sameTitle: (all: number) => (all === 1 ? "Both agree on the one image" : `Both agree on all ${images(all)}`),
  sameNote: (agreed: number) => `${things(agreed)}, found by both.`,
  toPlan: "Plan a run",
  toReview: "Review annotations",
  toLibrary: "Go to the library",

  nothingToUndo: "There is no decision to undo.",
  undoneElsewhere: (name: string) => `The decision on ${name} was undone. It is not among these images.`,
  failedOn: (name: string, words: string) => `${name}: ${words}`,
};
