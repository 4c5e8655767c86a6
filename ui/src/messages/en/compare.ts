import type { Agreements } from "../../ipc/bindings";
import { count, percent } from "../format";

const images = (number: number): string => `${count(number)} ${number === 1 ? "image" : "images"}`;
const things = (number: number): string => `${count(number)} ${number === 1 ? "thing" : "things"}`;
const letters = { first: "A", second: "B" };

export const compare = {
  letters,
  /** Between the names of two sides. */
  between: (first: string, second: string) => `${first} ↔ ${second}`,
  run: (id: number, model: string) => `Run ${count(id)} ${model}`,
  decided: "What people decided",
  sides: { first: "Side A", second: "Side B" },
  swap: "Swap A and B",
  compare: "Compare",
  compareWith: "Compare with…",
  chooseTitle: (run: number) => `Compare run ${count(run)} with`,
  chooseNote: "On the images that both have looked at.",
  decidedNote: "What you accepted, edited and drew, on images that you reviewed",
  leave: "Back to where you came from",

  summary: ({ relabelled, only_first, only_second, agreed }: Agreements) =>
    `${things(relabelled + only_first + only_second)} ${relabelled + only_first + only_second === 1 ? "differs" : "differ"}, ${count(agreed)} agreed`,
  differing: (differing: number, all: number) =>
    `${count(differing)} of ${images(all)} ${differing === 1 ? "differs" : "differ"}`,
  imageOf: (place: number, all: number) => `Image ${count(place)} of ${count(all)}`,
  settledOf: (settled: number, all: number) => `Decided on ${count(settled)} of ${images(all)}`,

  figures: "Agreement",
  columns: { kind: "Things", first: "A", second: "B" },
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
    first: "A taken",
    second: "B taken",
    both: "both taken",
    neither: "left out",
  },
  overlap: (share: number) => `The two overlap by ${percent(share)}.`,

  choose: "Choose",
  nothing: "nothing",
  takeBoth: "Both",
  takeNeither: "Neither",
  acceptAgreed: (number: number) => `Accept ${count(number)} agreed, next`,
  nextImage: "Next image",
  previousImage: "Previous image",
  skip: "Skip",
  undo: "Undo the latest decision",
  hideAgreed: "Hide what both agree on",

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
  toUnsettled: "Go to the next one",

  failedTitle: "The two could not be compared",
  noRunsTitle: "Nothing to compare yet",
  noRunsNote: "A comparison needs a run with answers, and a second one or images that you have reviewed.",
  oneRunTitle: "A second side is missing",
  oneRunNote: (run: number) =>
    `Only run ${count(run)} has answers. Annotate the same images with another model, or review some of them: then there is something to compare.`,
  apartTitle: "These two never looked at the same image",
  apartNote: "Choose other sides above, or annotate the images of one with the other's model.",
  undecidedTitle: "Nobody has decided on these images yet",
  undecidedNote: "Review some of this run's images, or choose another side above.",
  sameTitle: (all: number) =>
    all === 1 ? "Both say the same on the one image" : `Both say the same on all ${images(all)}`,
  sameNote: (agreed: number) => `${things(agreed)}, found by both.`,
  toPlan: "Plan a run",
  toReview: "Review the marks",
  toLibrary: "Go to the library",

  nothingToUndo: "There is no decision to take back.",
  undoneElsewhere: (name: string) => `The decision on ${name} was taken back. It is not among these images.`,
  refusedOn: (name: string, words: string) => `${name}: ${words}`,
};
