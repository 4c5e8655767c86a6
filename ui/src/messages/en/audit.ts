/** Accepting many proposals after a look at some of them. What is said of a sample is said exactly. */
import type { Audit, ErrorRate } from "../../ipc/bindings";
import { confidence, count, decimal } from "../format";

const marks = (number: number) => `${count(number)} ${number === 1 ? "mark" : "marks"}`;
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
  nothing: "No proposal waits for a decision on these images.",
  threshold: "Threshold",
  histogram: "Proposals by confidence, with the threshold",
  counted: (number: number, all: number, threshold: number) =>
    `${count(number)} of ${proposals(all)} at ${confidence(threshold)} and above`,
  unstated: (number: number) =>
    `${count(number)} ${number === 1 ? "states" : "state"} no confidence and ${number === 1 ? "is" : "are"} left alone.`,
  sample: "Sample",
  sampleWrong: "A whole number of at least 1.",
  drawn: "drawn at random",
  cleanBound: (sample: number, atMost: number) =>
    `${count(sample)} right of ${count(sample)} would mean: at most ${share(atMost)} wrong (95 % sure).`,
  wholeSample: (sample: number) =>
    sample === 1
      ? "That is the only one: it is looked at."
      : `Those are all ${count(sample)}: nothing is accepted unseen.`,
  share,
  errorLimit: "Error limit",
  errorLimitNote: "of what is accepted may be wrong",
  neededSample: (sample: number, limit: number) => `For a limit of ${share(limit)} look at ${count(sample)}.`,
  decides: "What you say there is a decision: right accepts the mark, wrong rejects it.",
  begin: (sample: number) => (sample === 0 ? "Look at a sample" : `Look at a sample of ${count(sample)}`),

  earlier: "Earlier audits",
  above,
  state: ({ accepted, sample, error_rate }: Audit): string => {
    if (accepted !== null) return `${count(accepted)} accepted unseen.`;
    return error_rate !== null && error_rate.judged >= sample.length ? "Nothing accepted unseen." : "Not finished.";
  },
  goOn: (judged: number, sample: number) => `Go on, ${count(judged)} of ${count(sample)}`,
  look: "Open",

  leave: "Leave the audit",
  progress: (judged: number, sample: number) => `Looked at ${count(judged)} of ${count(sample)}`,
  lookedAt: "Looked at",
  of: (sample: number) => `of ${count(sample)}`,
  pace: (milliseconds: number) => `${decimal(milliseconds / 1000)} s a mark`,
  loading: "Opening the sample",
  picture: (label: string, image: string) => `${label} on ${image}`,
  whole: "Show the whole image",
  hideMark: "Hide the mark",
  mark: "This mark",
  question: (label: string) => `Is this ${label}, and in the right place?`,
  certainty: "Confidence",
  image: "Image",
  right: "Right",
  wrong: "Wrong",
  takeBack: "Take back",
  why: "Why was the last one wrong?",
  soFar: "So far",
  nothingYet: "Nothing looked at yet.",
  running: (finding: ErrorRate) =>
    `${wrongOf(finding)} At most ${share(finding.at_most)} of all are wrong (95 % sure).`,
  strip: (judged: number, wrong: number, sample: number) =>
    `Of ${count(sample)}, ${count(judged)} looked at, ${count(wrong)} wrong`,

  found: "What the sample says",
  statement: (finding: ErrorRate, all: number): string =>
    finding.judged >= all
      ? `${wrongOf(finding)} ${all === 1 ? "There are no others." : "Those were all of them."}`
      : `${wrongOf(finding)} With 95 % confidence at most ${share(finding.at_most)} of the ${count(all)} are.`,
  gone: "The marks of this sample are gone from the library.",
  acceptOthers: (number: number) => (number === 1 ? "Accept the other one" : `Accept the other ${count(number)}`),
  withinLimit: (limit: number) => `That is within the ${share(limit)} that you asked for.`,
  /** `more`: how many more would show that the limit is kept, if they are as these; null when no sample would. */
  aboveLimit: (limit: number, more: number | null, reserve: number): string => {
    const asked = `You asked for at most ${share(limit)}.`;
    if (more === null)
      return `${asked} More than that are wrong so far. Check more for a surer result, or choose a higher threshold.`;
    return more > reserve
      ? `${asked} There are too few to show that: choose a higher threshold, or look at all.`
      : `${asked} About ${count(more)} more, wrong as rarely as these, would show it.`;
  },
  sampleMore: (number: number) => `Sample ${count(number)} more`,
  ask: {
    title: (number: number) => `Accept ${annotations(number)} above the error limit?`,
    what: (finding: ErrorRate, limit: number) =>
      `Up to ${share(finding.at_most)} of them may be wrong (95 % sure). You asked for at most ${share(limit)}.`,
    note: "Nobody has looked at them. Undo reverts all of it as one step.",
    accept: (number: number) => `Accept ${annotations(number)}`,
  },
  higher: "Choose a higher threshold",
  close: "Leave the others undecided",
  back: "Back",
  accepted: (number: number, label: string) => `${marks(number)} of ${label} accepted unseen`,
};
