import type { FailureKind } from "../../ipc/bindings";
import { clock, count, decimal, duration, moment, money } from "../format";

const images = (number: number): string => `${count(number)} ${number === 1 ? "image" : "images"}`;
const marks = (number: number): string =>
  number === 0 ? "no marks" : `${count(number)} ${number === 1 ? "mark" : "marks"}`;

/** What failed, and what a person can do about it. */
const failures: Record<FailureKind, { title: string; remedy: string }> = {
  file_missing: {
    title: "File not found",
    remedy: "The file is no longer at its place. Put it back, then annotate the image again.",
  },
  file_unreadable: {
    title: "File cannot be read",
    remedy:
      "The file is damaged, or no longer the picture that was added. Repair it or add it anew, then annotate it again.",
  },
  model_failed: {
    title: "No answer from the model",
    remedy: "Annotate the image again. If that fails too, another model may manage it.",
  },
  answer_unreadable: {
    title: "Answer cannot be read",
    remedy:
      "The model answered something that is no list of marks. The answer is kept as it came; annotate the image again.",
  },
};

export const run = {
  title: (run: number) => `Run ${count(run)}`,
  what: (model: string, recipe: string) => `${model}, ${recipe}`,
  states: {
    running: "Running",
    stopping: "Stopping",
    completed: "Completed",
    paused: "Paused",
    cancelled: "Cancelled",
    shutdown: "Stopped with the app",
    interrupted: "Interrupted",
  },
  pause: "Pause",
  cancel: "Cancel",
  resume: (left: number) => `Resume, ${images(left)} left`,
  review: "Review the marks",
  report: "See the report",

  stoppingNote: "Nothing new begins; what is in flight is finished.",
  interruptedNote: (done: number) =>
    `Fieldmark was closed in the middle of this run. Nothing that had finished was lost: ${images(done)} ${done === 1 ? "is" : "are"} stored.`,
  stoppedNote: (done: number) => `${images(done)} ${done === 1 ? "is" : "are"} stored. The rest can still be resumed.`,

  progress: "Progress of the run",
  progressText: (done: number, failed: number, total: number) =>
    `${count(done + failed)} of ${count(total)} done${failed === 0 ? "" : `, ${count(failed)} failed`}`,
  ofDone: (total: number) => `of ${count(total)} done`,
  annotated: (done: number) => `${count(done)} annotated`,
  failed: (failed: number) => `${count(failed)} failed`,
  inFlight: (number: number) => `${count(number)} in flight`,
  waiting: (number: number) => `${count(number)} waiting`,
  started: (at: number, elapsed: number) => `started ${moment(at)}, worked ${duration(elapsed)}`,

  timeLeft: "Time left",
  timeLeftUnknown: "Measuring",
  doneAbout: (at: number) => `done about ${clock(at)}`,
  afterFirst: "known after the first image",
  took: "Time",
  tookNote: "worked, pauses aside",
  rate: "Rate",
  perMinute: (rate: number) => `${decimal(rate, rate < 10 ? 1 : 0)} / min`,
  rateNote: "last ten seconds",
  rateWhole: "over the whole run",
  takes: "An image takes",
  takesNote: (p95: number) => `P50, ${duration(p95)} at P95`,
  marks: "Marks",
  marksEach: (each: number) => `${decimal(each)} an image`,
  cost: "Cost",
  free: "on this machine",
  spent: "spent so far",
  paid: "paid",
  money,
  duration,
  none: "–",

  chart: "Images a minute",
  chartNow: (rate: number) => `${count(Math.round(rate))} now`,
  chartMost: (rate: number) => `most ${count(Math.round(rate))}`,
  chartText: (rate: number, most: number) =>
    `Images a minute: ${count(Math.round(rate))} now, at most ${count(Math.round(most))}.`,
  chartSoon: "Drawn after a few seconds.",
  chartNever: "Too short to draw.",

  pictures: "Images in flight and just answered",
  inFlightTitle: "In flight",
  atOnce: (number: number) => `${count(number)} at once`,
  answeredTitle: "Just answered",
  newestFirst: "newest first",
  tileMarks: marks,
  tile: (name: string, number: number) => `${name}, ${marks(number)}`,
  flightTile: (name: string) => `${name}, in flight`,

  needsYou: "Needs you",
  needsNothing: "Nothing",
  needsNothingNote: "No image has failed.",
  failures,
  failureCount: images,
  failureExample: (image: string, said: string) => `${image}: ${said}`,
  failureOnly: (image: string, others: number) =>
    others === 0 ? image : `${image} and ${count(others)} ${others === 1 ? "other" : "others"}`,
  leaveNote:
    "You can leave this screen or close the window: every answer is stored as it comes, and the run can go on where it stopped.",

  emptyTitle: "Nothing has run yet",
  emptyNote: "Say what to find and see what it will take. The run shows here.",
  toPlan: "Plan a run",
  toLibrary: "Go to the library",

  keys: {
    pause: "Pause, or resume",
    pauseHint: "pause",
  },
};
