/** Accepting many proposals after checking a sample. */
import type { Audit, ErrorRate } from "../../api/bindings";
import { confidence, count, decimal } from "../format";

const annotations = (number: number) => `${count(number)} ${number === 1 ? "annotation" : "annotations"}`;
const proposals = (number: number) => `${count(number)} ${number === 1 ? "proposal" : "proposals"}`;
/** Keeps number and sign on one line. */
const share = (value: number) => `${decimal(value * 100)}\u00a0%`;
const above = (label: string, threshold: number) => `${label}, ${confidence(threshold)} and above`;

const wrongOf = ({ wrong, judged, rate }: ErrorRate): string => {
  if (wrong === 0) return judged === 1 ? "The one checked is correct." : `None of ${count(judged)} is wrong.`;
  return `${count(wrong)} of ${count(judged)} ${wrong === 1 ? "is" : "are"} wrong: ${share(rate)}.`;
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
  withoutConfidence: (number: number) =>
    `${count(number)} without a confidence ${number === 1 ? "is" : "are"} skipped.`,
  sample: "Sample",
  sampleWrong: "Enter a whole number of 1 or more.",
  drawnAtRandom: "drawn at random",
  boundIfAllRight: (sample: number, atMost: number) =>
    `If all ${count(sample)} are correct, at most ${share(atMost)} of all are wrong (95 % confidence).`,
  wholeSample: (sample: number) =>
    sample === 1
      ? "This is the only proposal, so nothing is accepted unchecked."
      : `The sample includes all ${count(sample)}, so nothing is accepted unchecked.`,
  share,
  errorLimit: "Error limit",
  errorLimitNote: "of accepted annotations may be wrong",
  neededSample: (sample: number, limit: number) => `For a limit of ${share(limit)}, check ${count(sample)}.`,
  answersAreDecisions: "Your answers are decisions: right accepts the annotation, wrong rejects it.",
  begin: (sample: number) => (sample === 0 ? "Check a sample" : `Check a sample of ${count(sample)}`),

  earlier: "Earlier audits",
  above,
  state: ({ accepted, sample, error_rate }: Audit): string => {
    if (accepted !== null) return `${count(accepted)} accepted unchecked.`;
    return error_rate !== null && error_rate.judged >= sample.length ? "Nothing accepted unchecked." : "Not finished.";
  },
  continueAudit: (judged: number, sample: number) => `Continue, ${count(judged)} of ${count(sample)}`,
  openAudit: "Open",

  leave: "Leave the audit",
  progress: (judged: number, sample: number) => `Checked ${count(judged)} of ${count(sample)}`,
  checked: "Checked",
  of: (sample: number) => `of ${count(sample)}`,
  pace: (milliseconds: number) => `${decimal(milliseconds / 1000)} s per annotation`,
  loading: "Opening the sample",
  canvas: (label: string, image: string) => `${label} on ${image}`,
  wholeImage: "Show the whole image",
  hideAnnotation: "Hide the annotation",
  thisAnnotation: "This annotation",
  question: (label: string) => `Is “${label}” correct and well placed?`,
  confidence: "Confidence",
  image: "Image",
  right: "Right",
  wrong: "Wrong",
  undo: "Undo",
  why: "Why was the last one wrong?",
  resultSoFar: "So far",
  nothingYet: "Nothing checked yet.",
  runningResult: (finding: ErrorRate) =>
    `${wrongOf(finding)} At most ${share(finding.at_most)} of all are wrong (95 % confidence).`,
  sampleStrip: (judged: number, wrong: number, sample: number) =>
    `Of ${count(sample)}, ${count(judged)} checked, ${count(wrong)} wrong`,

  result: "Sample result",
  resultText: (finding: ErrorRate, all: number): string =>
    finding.judged >= all
      ? `${wrongOf(finding)} ${all === 1 ? "There are no others." : "All of them were checked."}`
      : `${wrongOf(finding)} With 95 % confidence, at most ${share(finding.at_most)} of all ${count(all)} are wrong.`,
  annotationsGone: "The annotations of this sample are no longer in the library.",
  acceptOthers: (number: number) => (number === 1 ? "Accept the other one" : `Accept the other ${count(number)}`),
  withinLimit: (limit: number) => `That is within your limit of ${share(limit)}.`,
  /** `more`: how many more would confirm the limit, with the same error rate; null if no sample would. */
  aboveLimit: (limit: number, more: number | null, reserve: number): string => {
    const yourLimit = `Your limit is ${share(limit)}.`;
    if (more === null) return `${yourLimit} More are wrong so far. Check more, or choose a higher threshold.`;
    return more > reserve
      ? `${yourLimit} There are too few to confirm it. Choose a higher threshold, or check all of them.`
      : `${yourLimit} About ${count(more)} more at this error rate would confirm it.`;
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
