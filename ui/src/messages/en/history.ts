import type {
  CostRange,
  DropGroup,
  FailedImage,
  PossiblyBilled,
  RepairKind,
  RunEndpoint,
  RunMode,
  RunSummary,
  Speedup,
} from "../../api/bindings";
import { costAndEstimate, count, decimal, duration, enoughMoney, likelyMoney, money, percent } from "../format";
import { run } from "./run";

const images = (number: number): string => `${count(number)} ${number === 1 ? "image" : "images"}`;
const annotations = (number: number): string => `${count(number)} ${number === 1 ? "annotation" : "annotations"}`;
const proposals = (number: number): string => `${count(number)} undecided ${number === 1 ? "proposal" : "proposals"}`;

const named = (names: readonly string[], more: number): string =>
  `${names.join(", ")}${more > 0 ? ` and ${count(more)} more` : ""}`;
const cost = ({ paid_dollars: paid, quoted_dollars: quoted }: RunSummary): string => {
  if (quoted === null) return `cost ${money(paid)}`;
  const { cost, estimate, likely, bound } = costAndEstimate(paid, quoted);
  return `cost ${cost} (estimated ${estimate}, likely ${likely}, never above ${bound})`;
};
const share = (part: number) => `${decimal(Math.abs(part - 1) * 100, 0)} %`;

export const history = {
  title: "Runs",
  summary: (runs: number, done: number, paid: number) =>
    `${count(runs)} ${runs === 1 ? "run" : "runs"}, ${images(done)} annotated, ${paid === 0 ? "nothing paid" : `${money(paid)} paid`}`,
  table: "Runs, the newest first",
  columns: {
    run: "Run",
    started: "Started",
    model: "Model",
    recipe: "Recipe",
    images: "Images",
    quoted: "Quoted",
    range: "Likely range, paid",
    paid: "Paid",
    p50: "P50",
    p95: "P95",
    retries: "Retries",
    rate: "Rate",
    reviewed: "Reviewed",
  },
  run: (id: number) => `Run ${count(id)}`,
  imagesOf: (done: number, total: number) => (done === total ? count(total) : `${count(done)} of ${count(total)}`),
  reviewedOf: (reviewed: number, total: number) => `${count(reviewed)} of ${count(total)}`,
  noQuote: "none",

  reportOf: (run: number) => `Report of run ${count(run)}`,
  what: (model: string, recipe: string, total: number) => `${model}, ${recipe}, ${images(total)}`,
  undo: "Undo this run",
  report: "Report",
  metricsJson: "Metrics JSON",
  page: "HTML report",
  pageSaved: (path: string) => `Report written to ${path}`,
  metricsSaved: (path: string) => `Metrics written to ${path}`,
  undone: (run: number, taken: number) => `Run ${count(run)} undone: ${annotations(taken)} removed`,

  undoTitle: (run: number) => `Undo run ${count(run)}?`,
  undoRemoves: (undecided: number) =>
    undecided === 0
      ? "Every proposal of this run is already decided, so nothing will be removed."
      : `This removes the ${proposals(undecided)} of this run.`,
  undoKeeps: "Annotations that you accepted, edited or rejected are kept, and so is the run in this history.",
  keep: "Keep them",
  undoConfirm: (undecided: number) => `Remove ${annotations(undecided)}`,

  batchEnded: {
    summary: (ended: RunSummary, tookMillis: number) => {
      const { state } = ended;
      const isThrough = state.kind !== "stopped" || state.reason === "completed";
      return [
        `Batch run ${count(ended.id)} ${isThrough ? "is done" : `stopped (${run.states[state.reason].toLowerCase()})`}: `,
        `${images(ended.done)} done, ${count(ended.failed)} failed, ${annotations(ended.annotation_count)}; `,
        `${cost(ended)}, took ${run.wholeMinutes(tookMillis)}.`,
      ].join("");
    },
    dismiss: (ended: number) => `Dismiss the notice about run ${count(ended)}`,
  },
  mode: "Mode",
  batch: "Batch",
  inBatches: "batch",
  sent: "Images sent",
  reused: "Reused answers",
  propagated: "Images with propagated annotations",
  propagatedAnnotations: "Propagated annotations",
  unread: "Files that could not be read",

  cost: "Estimated and actual cost",
  notReported: "Cost not reported",
  priceUnknown: "Price unknown",
  /** The range is shown below it. */
  paidOf: (paid: number, quoted: CostRange) => {
    const { cost, estimate } = costAndEstimate(paid, quoted);
    return `${cost} (estimated ${estimate})`;
  },
  /** `part` of the estimate: 0.95 is 5 % under. */
  deviation: (part: number) =>
    Math.abs(part - 1) < 0.005 ? "as estimated" : part < 1 ? `${share(part)} under` : `${share(part)} over`,
  partialProgress: (finished: number, total: number) => `${count(finished)} of ${images(total)} so far`,
  likely: (quoted: CostRange) => `likely ${likelyMoney(quoted)}`,
  bound: (quoted: CostRange) => `never above ${enoughMoney(quoted.at_most)}`,
  /** Of runs that are complete. */
  estimates: (inRange: number, runs: number) =>
    `cost in the likely range in ${count(inRange)} of ${count(runs)} ${runs === 1 ? "run" : "runs"}`,
  sentTo: "Sent to",
  tokensIn: "Tokens in",
  tokensCached: "of them from the cache",
  tokensOut: "Tokens out",
  tokensThinking: "of them thinking",
  maybeBilled: "Unanswered, may be billed",
  maybeBilledOf: ({ count: requests, at_most_dollars: atMost }: PossiblyBilled) =>
    `${count(requests)}, at most ${enoughMoney(atMost)}`,
  cutShort: "Answers cut off",
  endpoints: "Endpoints",
  endpoint: ({ name, answered, failed, problem, is_working }: RunEndpoint) => {
    if (problem === "no_key" || problem === "unusable") return `${name}: not used, ${run.endpointProblems[problem]}`;
    const served = `${count(answered)} ${answered === 1 ? "request answered" : "requests answered"}${failed === 0 ? "" : `, ${count(failed)} failed`}`;
    if (problem === null) return `${name}: ${served}`;
    return `${name}: ${served}; ${is_working ? "working again, last problem" : "not working"}: ${run.endpointProblems[problem]}`;
  },
  requests: "Requests",
  requestsPerImage: (each: number) => `${decimal(each)} per image, and retries`,
  unchecked: "Images whose second request failed: what the first one found was kept, unchecked",
  retried: "Retried automatically",
  corrections: "Corrected",
  dropped: "Skipped annotations",
  correction: (repair: RepairKind): string => {
    switch (repair.kind) {
      case "words_around":
        return "Text around the JSON";
      case "broken_json":
        return "Malformed JSON, parsed item by item";
      case "cut_off":
        return "Cut-off answers";
      case "label_renamed":
        return `Labels renamed, such as “${repair.answered}”`;
      case "item_from_text":
        return "Annotations written as text alone";
      case "number_from_text":
        return `Numbers written as text, such as ${repair.field}`;
      case "corners_swapped":
        return "Corners swapped";
      case "clamped_to_picture":
        return `Shapes clipped at the image edge, for example by ${decimal(repair.pixels, 0)} px`;
      case "confidence_from_percent":
        return "Confidences in percent";
      case "confidence_left_out":
        return `Invalid confidences dropped, such as “${repair.answered}”`;
      case "attribute_converted":
        return `${repair.name} converted to its type, such as “${repair.answered}”`;
      case "attribute_clamped":
        return !repair.range
          ? `${repair.name} clamped to its range`
          : `${repair.name} clamped to ${count(repair.range.min)}–${count(repair.range.max)}`;
      case "attribute_left_out":
        return `Invalid ${repair.name} dropped, such as “${repair.answered}”`;
    }
  },
  drop: ({ example, names, more_names }: DropGroup): string => {
    switch (example.kind) {
      case "unreadable":
        return "Not readable as an annotation";
      case "no_label":
        return "Without a label";
      case "unknown_label":
        return `Label not in the recipe: ${named(names, more_names)}`;
      case "no_box":
        return "Without usable coordinates";
      case "no_text":
        return "Captions without text";
      case "shape_not_asked_for":
        return "Shapes that the recipe does not ask for";
      case "no_extent":
        return "Shapes without an area";
      case "outside_picture":
        return "Shapes outside the image";
      case "attribute_missing":
        return `Without a required attribute: ${named(names, more_names)}`;
      case "too_many":
        return "Over the limit of 5,000 annotations per answer";
    }
  },

  figures: "Metrics",
  wall: "Wall time",
  mean: "Mean per image",
  p50: "P50",
  p95: "P95",
  p99: "P99",
  throughput: "Images per second",
  success: "Success rate",
  retries: "Retries",
  concurrency: (mode: RunMode) => (mode === "live" ? "Max requests in flight" : "Max images in batches"),
  parallelism: "Parallelism",
  speedup: "Speed-up",
  timeSaved: "Time saved",
  times: (factor: number) => `${decimal(factor, factor < 10 ? 2 : 1)} ×`,
  parallelismNote: (summed: number, wall: number) =>
    `Parallelism: the durations of all images add up to ${duration(summed)}, in ${duration(wall)}. This is not a speed-up: images take longer in parallel.`,
  speedupNote: ({ baseline, sequential_millis }: Speedup) => {
    switch (baseline.kind) {
      case "this_run":
        return "Speed-up: this run sent one image at a time.";
      case "alone_images":
        return `Speed-up: one image at a time would have taken ${duration(sequential_millis)}, judging by ${images(baseline.images)} of this run that ran alone.`;
      case "sequential_run":
        return `Speed-up: one image at a time took ${duration(sequential_millis)}.`;
    }
  },
  retriesOf: (retries: number, rate: number) =>
    retries === 0 ? "none" : `${count(retries)}, ${decimal(rate, 3)} per image`,
  noMetrics: "No image of this run was sent to the model, so there is nothing to measure.",
  duration,
  percent,
  decimal,

  durations: "Time per image",
  durationsNote: (total: number) => images(total),
  durationsText: (from: number, to: number, p50: number) =>
    `Histogram of durations from ${duration(from)} to ${duration(to)}; half of the images took ${duration(p50)} or less.`,
  percentile: (name: string, milliseconds: number) => `${name} ${duration(milliseconds)}`,

  labels: "Labels found",
  labelsNote: (total: number) => annotations(total),
  noLabels: "No annotations were found.",
  failures: "Failures",
  failureImages: images,
  noFailures: "No image failed.",
  failedImages: (number: number) => (number === 1 ? "The failed image" : `All ${count(number)} failed images`),
  failedImage: ({ requests, paid_dollars: paid, possibly_billed_dollars: possiblyBilled }: FailedImage) =>
    [
      requests === 0 ? "never sent" : `${count(requests)} ${requests === 1 ? "request" : "requests"}`,
      ...(paid === 0 ? [] : [`${money(paid)} paid`]),
      ...(possiblyBilled === 0 ? [] : [`up to ${enoughMoney(possiblyBilled)} more may be billed`]),
    ].join(", "),

  emptyTitle: "No runs yet",
  emptyNote: "Every run is listed here with its metrics, cost and annotations.",
  toPlan: "Plan a run",
  toLibrary: "Go to the library",

  filters: {
    text: "Find runs",
    model: "Model",
    allModels: "All models",
    recipe: "Recipe",
    allRecipes: "All recipes",
    tag: "Tag",
    allTags: "All tags",
    none: "No run matches these filters.",
  },
  describe: {
    title: (run: number) => `Name and tags of run ${count(run)}`,
    name: "Name",
    tags: "Tags",
    tagsNote: "Separated by commas.",
    cancel: "Cancel",
    save: "Save",
    saved: (run: number) => `Name and tags of run ${count(run)} changed`,
    restored: (run: number) => `Run ${count(run)} has its earlier name and tags again`,
  },
  beside: {
    column: "Show beside others",
    mark: (run: number) => `Show run ${count(run)} beside others`,
    title: (runs: number) => `${count(runs)} runs beside each other`,
    line: (letter: string, run: number) => `${letter}, run ${count(run)}`,
    onPhotos: "See on photos",
    stop: "Close",
    charts: "Charts",
    figures: "Figures",
    figure: "Figure",
    ratesText: "Images per minute of each run over its active time",
    durations: "Median time per image",
    durationsText: "Median time per image of each run over its active time",
    costs: "Cost over images done",
    costsText: "Cost of each run over the number of images done",
    unmeasured: "These runs have no such figures.",
    rows: {
      images: "Images",
      failed: "Failed",
      annotations: "Annotations",
      reviewed: "Reviewed",
      quoted: "Quoted",
      paid: "Paid",
      perThousand: "1,000 images sent",
      p50: "Time per image, P50",
      p95: "Time per image, P95",
      rate: "Rate",
      retries: "Retries",
    },
  },
  charts: {
    answers: "Answers",
    offBy: "Off by",
    /** The durations of a bar. */
    span: (from: number, to: number) => `${duration(from)} to ${duration(to)}`,
  },
};
