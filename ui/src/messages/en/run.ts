import type {
  BatchStage,
  CostRange,
  Destination,
  EndpointProblem,
  FailureKind,
  Hold,
  Dollars,
  PendingElsewhere,
  PilotOutcome,
  PilotVerdict,
  PossiblyBilled,
  RetryKind,
  RunMode,
  StopReason,
} from "../../api/bindings";
import type { ProposedBudget } from "../../run/budget";
import {
  clock,
  count,
  decimal,
  duration,
  enoughMoney,
  exactMoney,
  likelyMoney,
  moment,
  money,
  moneyBeside,
} from "../format";
import { here } from "../place.svelte";

const images = (number: number): string => `${count(number)} ${number === 1 ? "image" : "images"}`;
const annotations = (number: number): string =>
  number === 0 ? "no annotations" : `${count(number)} ${number === 1 ? "annotation" : "annotations"}`;

/** Failures and what to do about them. */
const failures: Record<FailureKind, { title: string; action: string }> = {
  file_missing: {
    title: "File not found",
    action: "The file is no longer where it was. Put it back, then retry.",
  },
  file_unreadable: {
    title: "File cannot be read",
    action: "The file is damaged, or no longer the image that was added. Repair it and retry, or add it again.",
  },
  model_failed: {
    title: "No answer from the model",
    action: "Retry. If it fails again, try another model.",
  },
  expired: {
    title: "Batch expired",
    action:
      "The vendor did not start on this image before the batch expired; nothing was charged. Retry, or run it live.",
  },
  refused: {
    title: "Image refused",
    action: "The server rejected this image. Skip it, or annotate it manually.",
  },
  declined: {
    title: "Model declined",
    action: "The model refused to answer; this was billed. Try another model, or annotate it manually.",
  },
  cut_off: {
    title: "Answer cut off",
    action:
      "The answer ended before its first annotation, and was billed. Run it again with higher max output tokens: only answers that were cut off are billed again. Or ask for fewer labels.",
  },
  answer_unreadable: {
    title: "Answer cannot be read",
    action: "The answer is not a list of annotations. It is saved. Try another model.",
  },
  answer_unusable: {
    title: "No annotation can be used",
    action:
      "The model answered with annotations, but none fits the recipe and the image. The answer is saved. Check the label names, or try another model.",
  },
  coordinates_as_fractions: {
    title: "The model answers in 0..1 coordinates",
    action:
      "The boxes are not in the coordinates that were asked for, so none was used. The answer is saved. Calibrate the model, or try another.",
  },
  coordinates_as_thousandths: {
    title: "The model answers in 0..1000 coordinates",
    action:
      "The boxes are not in the coordinates that were asked for, so none was used. The answer is saved. Calibrate the model, or try another.",
  },
  internal_error: {
    title: "Internal error",
    action: "Fieldmark failed on this image. Retry. If it fails again, please report it with the details below.",
  },
};

/** Why runs stopped on their own, and what to do. */
const stopped = {
  key_rejected: () => "The server rejected the key. Enter another key in Settings, then resume.",
  not_permitted: () =>
    "This key lacks the permission for this request. Ask the account's administrator for it or enter another key, then resume.",
  no_credit: () => "The account has no credit left. Add credit on the vendor's billing page, then resume.",
  spend_limit: () =>
    "The account has reached its spend limit. Raise it on the vendor's billing page or wait until it resets, then resume.",
  monthly_cap_reached: () =>
    "The next request could exceed the monthly cap over all runs. Raise the cap in Settings, or resume next month.",
  unknown_model: (model: string, host: string) =>
    `${host} does not know ${model}. Check the address, or plan with another model.`,
  not_such_a_server: (_model: string, host: string) =>
    `The server at ${host} is not a compatible server. Check the address, then resume.`,
  batch_canceled: (_model: string, host: string) =>
    `A batch was canceled at ${host}, but not by Fieldmark. Its finished results are saved. Resume to submit the other images again.`,
  batch_unknown: (_model: string, host: string) =>
    `${host} does not know a batch of this run. If the key is that of another account, enter the right one and resume. If the batch is gone, give it up.`,
  request_refused: (_model: string, host: string) =>
    `${host} refuses every request of this run for the same reason. Plan with another model or recipe.`,
  answers_unreadable: (_model: string, host: string) =>
    `The answers of ${host} cannot be read, and each may have been billed. Check the address and the network, then resume.`,
  wait_too_long: (_model: string, host: string) =>
    `A rate limit requires a wait of more than an hour before the next request to ${host}. Resume later, or check the limits in Settings.`,
  unreachable: (_model: string, host: string) =>
    `${host} could not be reached in several attempts. Check the network, the proxy and the server, then resume.`,
  answers_pending: () =>
    "The remaining images are in a batch of another run. Resume that run to fetch the answers, then this one.",
  internal_error: () =>
    "Fieldmark failed during this run. All answers so far are saved. Resume, and if it fails again, please report it with the details below.",
};

export type OwnStop = keyof typeof stopped;

const retries: Record<RetryKind, string> = {
  rate_limited: "Rate limit reached, waited as requested",
  overloaded: "Server overloaded (529)",
  server_failed: "Temporary server error",
  connection_lost: "Connection lost before the answer",
  answer_unreadable: "Server's answer could not be read",
  timed_out: "No answer in time",
  expired: "Batch expired before it was started",
  unreachable: "Server unreachable",
  too_large: "Too large, sent smaller",
  cut_short: "Cut off, retried with a higher limit",
};

const holds: Record<RetryKind, (host: string) => string> = {
  rate_limited: () => "Rate limit reached",
  overloaded: (host) => `${host} is overloaded`,
  server_failed: (host) => `${host} failed`,
  connection_lost: (host) => `The connection to ${host} was lost`,
  answer_unreadable: (host) => `An answer of ${host} could not be read`,
  timed_out: (host) => `${host} did not answer in time`,
  expired: (host) => `A batch at ${host} expired`,
  unreachable: (host) => `${host} cannot be reached`,
  too_large: (host) => `An image is too large for ${host}`,
  cut_short: (host) => `An answer of ${host} was cut off`,
};

/** Why an endpoint is not used. */
const endpointProblems: Record<EndpointProblem, string> = {
  no_key: "no key",
  unusable: "invalid settings, or not allowed yet",
  key_rejected: "wrong key",
  not_permitted: "the key lacks a permission",
  no_credit: "no credit",
  spend_limit: "spend limit reached",
  unknown_model: "unknown model",
  not_such_a_server: "not a compatible server",
  request_refused: "requests refused",
  answers_unreadable: "unreadable answers",
  wait_too_long: "required wait is over an hour",
  unreachable: "unreachable",
  connection_lost: "connection lost",
  timed_out: "no answer in time",
  server_failed: "server errors",
  overloaded: "overloaded",
};

const stages: Record<BatchStage, string> = {
  unconfirmed: "Sent, not confirmed",
  working: "In progress",
  canceling: "Canceling",
  unknown: "Unknown to the server",
  ended: "Ended, results saved",
};

export const run = {
  title: (run: number) => `Run ${count(run)}`,
  what: (model: string, recipe: string, destination: Destination, mode: RunMode) =>
    [
      model,
      ...(mode === "batch" ? ["batch"] : []),
      recipe,
      ...(destination.kind === "host" ? [`to ${destination.name}`] : []),
    ].join(", "),
  states: {
    running: "Running",
    stopping: "Stopping",
    completed: "Completed",
    paused: "Paused",
    cancelled: "Canceled",
    shutdown: "App closed",
    interrupted: "Interrupted",
    key_rejected: "Key rejected",
    not_permitted: "Not permitted",
    no_credit: "No credit",
    spend_limit: "Spend limit",
    unknown_model: "Unknown model",
    not_such_a_server: "Wrong server",
    request_refused: "Refused",
    batch_canceled: "Batch canceled",
    batch_unknown: "Unknown batch",
    answers_unreadable: "Unreadable answers",
    wait_too_long: "Long wait",
    unreachable: "Unreachable",
    budget_reached: "Budget reached",
    monthly_cap_reached: "Monthly cap reached",
    pilot_done: "Pilot done",
    answers_pending: "Answers pending",
    internal_error: "Internal error",
  } satisfies Record<StopReason | "running" | "stopping" | "interrupted", string>,
  pause: "Pause",
  cancel: "Cancel",
  resume: (left: number) => `Resume, ${images(left)} left`,
  retryFailed: (failed: number) => `Retry ${count(failed)} failed`,
  retryFailedNote: (left: number) =>
    left === 0
      ? "Retries the failed images that may still succeed"
      : `Retries the failed images that may still succeed, and continues with the ${images(left)} left`,
  notWorthRetrying: "A retry would give the same result, so it is not retried.",
  paidAgain:
    "It is not retried, because a new answer is billed again. To retry it, plan a run with “Ignore saved answers”.",
  review: "Review annotations",
  report: "Show the report",

  /** What the remaining images wait for. */
  pendingElsewhere: ({ run, images: waiting, is_in_batch: inBatch }: PendingElsewhere) =>
    `${images(waiting)} waiting for the ${waiting === 1 ? "answer" : "answers"} of ${inBatch ? "a batch of " : ""}run ${count(run)}, which annotates them with the same model and recipe`,
  pendingElsewhereBegan: "Waiting for the answers of another run",
  pendingElsewhereNote: "Each image is paid for only once.",

  stoppingNote: "No new requests are sent; those in flight finish.",
  interruptedNote: (done: number) =>
    `Fieldmark was closed during this run. ${images(done)} ${done === 1 ? "is" : "are"} finished and saved. Resume to annotate the rest.`,
  unsettledNote: ({ count: requests, at_most_dollars: atMost }: PossiblyBilled) =>
    `${count(requests)} ${requests === 1 ? "request was" : "requests were"} in flight and may have been billed, up to ${enoughMoney(atMost)}.`,
  stopped,
  stoppedWaiting: (left: number) =>
    `${images(left)} ${left === 1 ? "is" : "are"} waiting, at no charge. All answers so far are saved.`,
  resumeHere: "Resume",
  resumeHint: "resume",
  budget: {
    /** `each`: expected cost per image. */
    reached: (budget: Dollars, paid: Dollars, maybe: Dollars, each: Dollars) =>
      [
        `The budget of ${exactMoney(budget)} is reached: ${moneyBeside(paid, each)} paid, `,
        maybe === 0 ? "" : `up to ${enoughMoney(maybe)} more may be billed, `,
        "and the next request could exceed it. Raise it to continue.",
      ].join(""),
    field: "New budget",
    /** The parts of the proposed budget. */
    proposed: ({ committed, left, rest, margin }: ProposedBudget, each: Dollars) =>
      `${moneyBeside(committed, each)} so far, about ${moneyBeside(rest, each)} for the other ${count(left)}, and ${moneyBeside(margin, each)} as a margin.`,
    notHigher: (budget: Dollars) => `The budget is already ${exactMoney(budget)}. Enter more.`,
    raise: "Raise and resume",
    raiseFirst: (left: number) => `Raise the budget, ${images(left)} left`,
  },
  unsettled: {
    title: (run: number) => `Resume run ${count(run)}?`,
    why: ({ count: requests, at_most_dollars: atMost }: PossiblyBilled) =>
      requests === 1
        ? `1 request was in flight when Fieldmark was closed. It may have been billed, up to ${enoughMoney(atMost)}, and sending it again may be billed too.`
        : `${count(requests)} requests were in flight when Fieldmark was closed. They may have been billed, up to ${enoughMoney(atMost)}, and sending them again may be billed too.`,
    whyGivenUp: ({ count: requests, at_most_dollars: atMost }: PossiblyBilled) =>
      requests === 1
        ? `1 image was sent in a batch that the server does not know. It may have been billed, up to ${enoughMoney(atMost)}, and sending it again may be billed too.`
        : `${images(requests)} were sent in batches that the server does not know. They may have been billed, up to ${enoughMoney(atMost)}, and sending them again may be billed too.`,
    giveUp: "Give up and send again",
    askAgain: "Send again and resume",
    notNow: "Not now",
  },
  raiseMonthlyCap: "Change the monthly cap",
  pilot: {
    verdicts: {
      sound: (done: number) => `The pilot of ${images(done)} is done.`,
      stopped: (done: number) => `The pilot was stopped after ${images(done)}.`,
      nothing_answered: () => "The pilot got no usable answer.",
      dearer_than_quoted: (done: number) => `The pilot of ${images(done)} cost more than twice what was expected.`,
    } satisfies Record<PilotVerdict, (done: number) => string>,
    cost: ({ cost_dollars: cost, expected_dollars: expected }: PilotOutcome) =>
      `It cost ${moneyBeside(cost, expected)}; ${moneyBeside(expected, expected)} was expected.`,
    /** A new estimate, from the answers of the pilot. */
    rest: (left: number, cost: CostRange, mode: RunMode) =>
      `The other ${images(left)}${mode === "batch" ? ", in batches" : ""}: likely ${likelyMoney(cost)}, never above ${enoughMoney(cost.at_most)}.`,
    review: (done: number) => (done === 1 ? "Review this image" : `Review these ${images(done)}`),
    goOn: (left: number) => `Continue with the other ${images(left)}`,
  },
  details: (detail: string) => `Details: ${detail}`,
  openSettings: "Open Settings",
  hold: ({ kind, left_millis }: Hold, host: string) => {
    const next = kind === "rate_limited" ? "sending again" : "trying again";
    const seconds = Math.ceil(left_millis / 1000);
    return `${holds[kind](host)}: ${next} ${seconds === 0 ? "now" : `in ${duration(seconds * 1000)}`}`;
  },
  holdBegan: ({ kind }: Hold, host: string) => `${holds[kind](host)}.`,
  stoppedNote: (done: number) => `${images(done)} ${done === 1 ? "is" : "are"} saved. The rest can still be resumed.`,

  progress: "Progress of the run",
  progressText: (done: number, failed: number, total: number) =>
    `${count(done + failed)} of ${count(total)} done${failed === 0 ? "" : `, ${count(failed)} failed`}`,
  ofDone: (total: number) => `of ${count(total)} done`,
  annotated: (done: number) => `${count(done)} annotated`,
  failed: (failed: number) => `${count(failed)} failed`,
  inFlight: (number: number) => `${count(number)} in flight`,
  waiting: (number: number) => `${count(number)} waiting`,
  reused: (answers: number) => `${count(answers)} ${answers === 1 ? "answer" : "answers"} reused at no cost`,
  propagated: (number: number) => `${count(number)} propagated from similar images`,
  started: (at: number, elapsed: number) => `started ${moment(at)}, active ${duration(elapsed)}`,

  timeLeft: "Time left",
  timeLeftUnknown: "Measuring",
  estimatedEnd: (at: number) => `done about ${clock(at)}`,
  afterFirst: "known after the first image",
  stalled: "waiting for images to finish",
  elapsed: "Time",
  elapsedNote: "without pauses",
  rate: "Rate",
  perMinute: (rate: number) => `${decimal(rate, rate < 10 ? 1 : 0)} / min`,
  rateNote: (window: number) => `last ${duration(window)}`,
  rateWhole: "over the whole run",
  timePerImage: "Time per image",
  timePerImageNote: (p95: number) => `P50, ${duration(p95)} at P95`,
  annotations: "Annotations",
  annotationsPerImage: (each: number) => `${decimal(each)} per image`,
  cost: "Cost",
  get free() {
    return here("on this machine", "on the server");
  },
  spent: "spent so far",
  paid: "paid",
  money,
  duration,
  /** Without seconds, which would flicker. */
  wholeMinutes: (milliseconds: number) =>
    milliseconds < 60_000 ? "under 1 min" : duration(Math.floor(milliseconds / 60_000) * 60_000),
  none: "–",
  costProjected: (heading: number) => `projected ${money(heading)}`,
  /** `each`: expected cost per image, if a budget sets the precision. */
  costSpent: (spent: number, each: number | null) => `${each === null ? money(spent) : moneyBeside(spent, each)} spent`,
  costPaid: (spent: number, each: number | null) => `${each === null ? money(spent) : moneyBeside(spent, each)} paid`,
  costQuote: (expected: number) => `quote ${money(expected)}`,
  costHigh: (high: number) => `never above ${enoughMoney(high)}`,
  costCap: (budget: Dollars) => `cap ${exactMoney(budget)}`,
  costBeyond: ({ kind, cost }: { kind: "high" | "cap"; cost: Dollars }) =>
    `${kind === "cap" ? `cap ${exactMoney(cost)}` : `at most ${enoughMoney(cost)}`}, off this scale`,
  costReserved: (reserved: Dollars, inFlight: number) =>
    `${money(reserved)} reserved for the ${count(inFlight)} in flight`,
  costText: (spent: number, expected: number, high: number, budget: Dollars | null) =>
    `${money(spent)} spent, estimated ${money(expected)}, never above ${enoughMoney(high)}${budget === null ? "" : `, budget cap ${exactMoney(budget)}`}`,
  /** `share` of the estimate: 0.984 is 1.6 % under. */
  againstQuote: (share: number) =>
    Math.abs(share - 1) < 0.0005
      ? "as quoted"
      : `${decimal(Math.abs(share - 1) * 100)} % ${share < 1 ? "under" : "over"} quote`,
  maybeBilled: ({ count: requests, at_most_dollars: atMost }: PossiblyBilled) =>
    `${count(requests)} unanswered ${requests === 1 ? "request" : "requests"} may be billed too, at most ${enoughMoney(atMost)}`,

  /** In place of a duration, because it was not sent. */
  reusedTile: "reused",
  chart: "Images per minute",
  chartNow: (rate: number) => `${count(Math.round(rate))} now`,
  chartAverage: (rate: number) => `${count(Math.round(rate))} on average`,
  chartText: (rate: number, most: number, worked: number, isWorking: boolean) =>
    `Images per minute over ${duration(worked)}: ${count(Math.round(rate))} ${isWorking ? "now" : "on average"}, highest ${count(Math.round(most))}.`,
  chartSoon: "Shown after a few seconds.",
  chartNever: "The run was too short for a chart.",

  pictures: "Images in flight and just answered",
  inFlightTitle: "In flight",
  inFlightNote: (number: number, isElsewhere: boolean) =>
    isElsewhere ? `${count(number)}, annotations as they arrive` : count(number),
  /** `more`: images that are not shown. */
  longestFirst: (more: number) => (more === 0 ? "longest first" : `longest first, +${count(more)} more`),
  inFlightAnnotations: (number: number) => (number === 0 ? "analyzing" : annotations(number)),
  recentAnswers: "Just answered",
  lastAnswered: "Last answered",
  newestFirst: "newest first",
  tileAnnotations: annotations,
  tile: (name: string, number: number) => `${name}, ${annotations(number)}`,
  pace: {
    title: "Pace",
    /** `from`: whether it is automatic or set, if all endpoints agree. */
    concurrency: (number: number, from: "found_out" | "set" | null) =>
      `concurrency ${count(number)}${from === null ? "" : from === "set" ? ", as set" : ", automatic"}`,
    limit: (perMinute: number | null, endpoints: number) =>
      perMinute === null
        ? "No limit is known yet."
        : `${endpoints > 1 ? "Strictest limit" : "Limit"}: ${count(perMinute)} requests per minute`,
    inFlightOf: (underWay: number, atOnce: number) => `${count(underWay)} of ${count(atOnce)}`,
    endpointLimit: (perMinute: number | null) => (perMinute === null ? "" : `${count(perMinute)} / min`),
    closed: "Not used",
    prepared: (number: number) => `${count(number)} prepared ahead`,
  },
  batch: {
    since: "Since the start",
    within: "within 24 hours",
    batches: "Batches",
    ofBatches: (ended: number, sent: number) => `${count(ended)} of ${count(sent)}`,
    batchesNote: "ended",
    withVendor: "With the vendor",
    withVendorNote: "images not finished",
    oldestFirst: "oldest first",
    columns: {
      images: "Images",
      stage: "Stage",
      finished: "Finished",
      share: "Finished share",
      submitted: "Submitted",
      until: "Expires",
    },
    stages,
    finishedOf: (finished: number, total: number) => `${count(finished)} of ${count(total)}`,
    finishedText: (batch: number, finished: number, total: number) =>
      `Batch ${count(batch)}: ${count(finished)} of ${images(total)} finished`,
    untilUnknown: "not known yet",
    noneYet: "Images are being prepared. The first batch is sent when enough are ready.",
    none: "No batch is in progress.",
    unknownNote:
      "The server does not know one of the batches. Nothing is submitted until you resume the run or give up the batch.",
    unconfirmedNote: "Sent but not confirmed. Fieldmark checks with the server before sending anything again.",
    interrupted:
      "Fieldmark was closed while images of this run were with the vendor. Resume to fetch what is ready; nothing is sent twice.",
    get mayBeClosed() {
      return here(
        "You can close the window: the vendor keeps working, and results are fetched when you open it again.",
        "You can close this page, and stop the server: the vendor keeps working, and results are fetched when it runs again.",
      );
    },
  },
  inFlightTile: (name: string) => `${name}, in flight`,

  issues: "Needs you",
  /** `things`: number of listed issues. */
  issueCount: (things: number) => (things === 0 ? "Nothing" : `${count(things)} ${things === 1 ? "issue" : "issues"}`),
  noFailures: "No image has failed.",
  endpointFails: (name: string, problem: EndpointProblem) => `${name}: ${endpointProblems[problem]}`,
  endpointAgain: (millis: number | null) =>
    millis === null
      ? "No requests are sent to it."
      : `Its images go to the other endpoints. It is tried again ${millis < 1000 ? "now" : `in ${duration(Math.ceil(millis / 1000) * 1000)}`}.`,
  endpointProblems,
  giveUpBatches: (images: number) => `Give up ${count(images)} in unknown batches`,
  hookFailed: "A hook failed",
  hookNotRun: "A hook did not run",
  openHookSettings: "Open the hook settings",
  cutShort: "Answers cut off",
  cutShortNote: "They reached the output limit. Every complete annotation was kept; there may be more to find.",
  retried: "Retried automatically",
  retriedNote: (number: number) => `${count(number)}, no action needed`,
  retries,
  failures,
  failureExample: (image: string, message: string) => `${image}: ${message}`,
  failureOnly: (image: string, others: number) =>
    others === 0 ? image : `${image} and ${count(others)} ${others === 1 ? "other" : "others"}`,
  get leaveNote() {
    return here(
      "You can leave this screen or close the window: every answer is saved as it arrives, and the run can be resumed.",
      "You can close this page: the run continues on the server, and every answer is saved as it arrives.",
    );
  },

  emptyTitle: "No runs yet",
  emptyNote: "Plan a run to see its time and cost first. Its progress shows here.",
  toPlan: "Plan a run",
  toLibrary: "Go to the library",

  charts: {
    rate: "Rate",
    concurrency: "Concurrency",
    /** Active time at the cursor. */
    at: duration,
    costTitle: "Cost against quote",
    costAxis: "by finished images",
    costText: (total: number) => `Cost of up to ${images(total)} against the likely range`,
    cost: "Cost",
    latest: "Latest cost",
    quoted: "Quoted",
    low: "Likely, low",
    high: "Likely, high",
    range: (expected: Dollars, low: Dollars, high: Dollars) =>
      `${money(expected)} (likely ${money(low)}–${money(high)})`,
    cap: "Cap",
    images,
    latencyText: "Median and 95th percentile of the time per image",
  },
};
