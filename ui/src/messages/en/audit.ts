/** Accepting many proposals after a look at some of them. What is said of a sample is said exactly. */
import type { Audit, ErrorRate } from "../../ipc/bindings";
import { confidence, count, decimal } from "../format";

const annotations = (number: number) => `${count(number)} ${number === 1 ? "annotation" : "annotations"}`;
const proposals = (number: number) => `${count(number)} ${number === 1 ? "proposal" : "proposals"}`;
/** Figure and sign stay on one line. */
const share = (value: number) => `${decimal(value * 100)}\u00a0%`;
const above = (label: string, threshold: number) => `${label}, ${confidence(threshold)} and above`;

const wrongOf = ({ wrong, judged, rate }: ErrorRate): string => {
  if (wrong === 0) return judged === 1 ? "The one was right." : `None of ${count(judged)} was wrong.`;
  return `${count(wrong)} of ${count(judged)} ${wrong === 1 ? "was" : "were"} wrong: ${share(rate)}.`;
};

export const audit = {
  title: "Accept above a threshold",
  open: "Accept above…",
  on: (parts: readonly string[]) => (parts.length === 0 ? "On all images" : `On images where: ${parts.join(", ")}`),
  inCollection: (name: string) => `in ${name}`,
  labels: "Label",
  labelName: (label: string, number: number) => `${label}, ${proposals(number)}`,
  nothing: "No proposals on these images need a decision.",
  threshold: "Threshold",
  histogram: "Proposals by confidence, with the threshold",
  counted: (number: number, all: number, threshold: number) =>
    `${count(number)} of ${proposals(all)} at ${confidence(threshold)} and above`,
  unstated: (number: number) => `${count(number)} without a confidence ${number === 1 ? "is" : "are"} skipped.`,
  sample: "Sample",
  sampleWrong: "Enter a whole number of 1 or more.",
  drawn: "drawn at random",
  cleanBound: (sample: number, atMost: number) =>
    `${count(sample)} right of ${count(sample)} would mean at most ${share(atMost)} wrong (95 % confidence).`,
  wholeSample: (sample: number) =>
    sample === 1
      ? "It is the only one, so you check it."
      : `These are all ${count(sample)}: nothing is accepted unchecked.`,
  share,
  errorLimit: "Error limit",
  errorLimitNote: "of the accepted may be wrong",
  neededSample: (sample: number, limit: number) => `For a limit of ${share(limit)}, check ${count(sample)}.`,
  decides: "Your answers are decisions: right accepts the annotation, wrong rejects it.",
  begin: (sample: number) => (sample === 0 ? "Check a sample" : `Check a sample of ${count(sample)}`),

  earlier: "Earlier audits",
  above,
  state: ({ accepted, sample, error_rate }: Audit): string => {
    if (accepted !== null) return `${count(accepted)} accepted unchecked.`;
    return error_rate !== null && error_rate.judged >= sample.length ? "Nothing accepted unchecked." : "Not finished.";
  },
  goOn: (judged: number, sample: number) => `Continue, ${count(judged)} of ${count(sample)}`,
  look: "Open",

  leave: "Leave the audit",
  progress: (judged: number, sample: number) => `Checked ${count(judged)} of ${count(sample)}`,
  lookedAt: "Checked",
  of: (sample: number) => `of ${count(sample)}`,
  pace: (milliseconds: number) => `${decimal(milliseconds / 1000)} s per annotation`,
  loading: "Opening the sample",
  picture: (label: string, image: string) => `${label} on ${image}`,
  whole: "Show the whole image",
  hideAnnotation: "Hide the annotation",
  annotation: "This annotation",
  question: (label: string) => `Is this ${label}, and in the right place?`,
  certainty: "Confidence",
  image: "Image",
  right: "Right",
  wrong: "Wrong",
  takeBack: "Undo",
  why: "Why was the last one wrong?",
  soFar: "So far",
  nothingYet: "Nothing checked yet.",
  running: (finding: ErrorRate) =>
    `${wrongOf(finding)} At most ${share(finding.at_most)} of all are wrong (95 % confidence).`,
  strip: (judged: number, wrong: number, sample: number) =>
    `Of ${count(sample)}, ${count(judged)} checked, ${count(wrong)} wrong`,

  found: "Sample result",
  statement: (finding: ErrorRate, all: number): string =>
    finding.judged >= all
      ? `${wrongOf(finding)} ${all === 1 ? "There are no others." : "Those were all of them."}`
      : `${wrongOf(finding)} With 95 % confidence, at most ${share(finding.at_most)} of the ${count(all)} are.`,
  gone: "The annotations of this sample are no longer in the library.",
  acceptOthers: (number: number) => (number === 1 ? "Accept the other one" : `Accept the other ${count(number)}`),
  withinLimit: (limit: number) => `That is within your limit of ${share(limit)}.`,
  /** `more`: how many more would show that the limit is kept, if they are as these; null when no sample would. */
  aboveLimit: (limit: number, more: number | null, reserve: number): string => {
    const asked = `Your limit is ${share(limit)}.`;
    if (more === null)
      return `${asked} More than that are wrong so far. Check more for a more certain result, or choose a higher threshold.`;
    return more > reserve
      ? `${asked} There are too few to confirm it: choose a higher threshold, or check all of them.`
      : `${asked} About ${count(more)} more with as few errors would confirm it.`;
  },
  sampleMore: (number: number) => `Sample ${count(number)} more`,
  ask: {
    title: (number: number) => `Accept ${annotations(number)} above the error limit?`,
    what: (finding: ErrorRate, limit: number) =>
      `Up to ${share(finding.at_most)} of them may be wrong (95 % confidence). Your limit is ${share(limit)}.`,
    note: "They have not been checked. Undo reverts all of them as one step.",
    accept: (number: number) => `Accept ${annotations(number)}`,
  },
  higher: "Choose a higher threshold",
  close: "Leave the others undecided",
  back: "Back",
  accepted: (number: number, label: string) => `${annotations(number)} of ${label} accepted unchecked`,
};
