/** Runs of the core in memory: they work through their images in a few seconds, and can be paused, resumed, cancelled. */
import type {
  BatchState,
  Hold,
  HookRun,
  ImageId,
  Model,
  Dollars,
  PossiblyBilled,
  RetryGroup,
  RetryKind,
  EndpointState,
  RunEndpoint,
  RunId,
  RunMode,
  RunProgress,
  RunReport,
  RunState,
  RunSummary,
  SavedRecipe,
  StopReason,
  WorkingRun,
} from "../bindings";
import { batchesOf, batchStates, type FakeBatch } from "./batches";
import { FakeFlight } from "./flight";
import { layersOfRuns } from "../../state/layers";
import type { FakeLibrary } from "./library";
import { refuse } from "./refuse";
import { type FakeEndpoint, FakeEndpoints, isOpen } from "./endpoints";
import { FakeBill } from "./run/bill";
import { bins, metricsOf, percentile, rateHistory } from "./run/figures";
import { FakeOutcome } from "./run/outcome";
import { SAID } from "./run/said";
import { cardIn } from "./layers";

const TICK_MILLIS = 100;
/** However many images a run has, it takes about so many ticks. */
const TICKS_A_RUN = 60;
const RATE_WINDOW_MILLIS = 10_000;
const CONCURRENCY = 4;
const MOST_PREPARED = 7;
/** The epoch of the fake's own clock, so that history looks the same every day. */
const LONG_AGO = Date.UTC(2026, 10, 21, 9, 30);

const NOTHING_BILLED: PossiblyBilled = { count: 0, at_most_dollars: 0 };

/** Who does the work. */
export type FakeModel = Pick<Model, "id" | "name" | "destination">;

/** What a run is told beyond its images. */
export interface FakeOrder {
  mode: RunMode;
  /** Images at once; null finds out. */
  concurrency: number | null;
  /** Images whose answers were paid for earlier. */
  answered: ReadonlySet<ImageId>;
  /** Images that are given the annotations of another one, by that other one. */
  followers: ReadonlyMap<ImageId, readonly ImageId[]>;
  endpoints: readonly FakeEndpoint[];
  closesLast: boolean;
  heldAs: RetryKind;
  /** It is never through more than half of its images, so that there is time to look at it. */
  standsStill: boolean;
}

export const PLAIN_ORDER: FakeOrder = {
  mode: "live",
  concurrency: null,
  answered: new Set(),
  followers: new Map(),
  endpoints: [],
  closesLast: false,
  heldAs: "rate_limited",
  standsStill: false,
};

export class FakeRun {
  readonly id: RunId;
  readonly images: ImageId[];
  readonly #library: FakeLibrary;
  readonly #recipe: SavedRecipe;
  readonly #model: FakeModel;
  readonly #order: FakeOrder;
  readonly #endpoints: FakeEndpoints;
  readonly #batches: readonly FakeBatch[];
  readonly #flight = new FakeFlight();
  readonly #bill: FakeBill;
  readonly #outcome: FakeOutcome;
  /** What is asked about, in this order, and how far that has come. */
  readonly #queue: ImageId[];
  #next = 0;
  /** What costs nothing, and is done first. */
  #known: ImageId[];
  readonly #startedAt: number;
  readonly #onChange: () => void;
  #state: RunState = { kind: "running" };
  #stopAs: StopReason = "completed";
  #elapsed = 0;
  #endedAt: number | null = null;
  #hooks: HookRun[] = [];
  /** When the images that it asked about finished, in milliseconds of the time worked. */
  #finishedAfter: number[] = [];
  #timer: ReturnType<typeof setInterval> | null = null;
  readonly #watchers = new Set<(snapshot: RunProgress) => void>();

  constructor(
    id: RunId,
    library: FakeLibrary,
    recipe: SavedRecipe,
    model: FakeModel,
    ids: ImageId[],
    onChange: () => void,
    startedAt = Date.now(),
    order = PLAIN_ORDER,
  ) {
    this.id = id;
    this.images = ids;
    this.#library = library;
    this.#recipe = recipe;
    this.#model = model;
    this.#order = order;
    const following = new Set([...order.followers.values()].flat());
    this.#queue = ids.filter((image) => !order.answered.has(image) && !following.has(image));
    this.#known = ids.filter((image) => order.answered.has(image));
    this.#bill = new FakeBill(model.id, [...this.#queue], order.mode, this.#isElsewhere);
    this.#outcome = new FakeOutcome(id, library, recipe.recipe, this.#isElsewhere);
    const host = model.destination.kind === "host" ? model.destination.name : "";
    const endpoints = order.endpoints.length > 0 ? order.endpoints : [{ name: host, concurrency: null, limits: {} }];
    this.#endpoints = new FakeEndpoints(
      this.#isElsewhere ? endpoints : [],
      order.heldAs,
      SAID[order.heldAs] ?? "",
      order.closesLast,
    );
    this.#batches = order.mode === "batch" ? batchesOf(this.#queue) : [];
    this.#onChange = onChange;
    this.#startedAt = startedAt;
  }

  /** A run of the past: finished at once, its annotations already in the library. */
  static past(id: RunId, library: FakeLibrary, recipe: SavedRecipe, model: FakeModel, images: number): FakeRun {
    const ids = library.selected({ kind: "all" }).slice(0, images);
    const run = new FakeRun(id, library, recipe, model, ids, () => undefined, LONG_AGO + id * 86_400_000);
    run.#catchUp(ids.length, false);
    run.#state = { kind: "stopped", reason: "completed" };
    return run;
  }

  /** A run that ended half-way: its process died, or it stopped by itself. */
  static halfDone(id: RunId, library: FakeLibrary, recipe: SavedRecipe, model: FakeModel, state: RunState): FakeRun {
    const ids = library.selected({ kind: "all" });
    const run = new FakeRun(id, library, recipe, model, ids, () => undefined, LONG_AGO + id * 86_400_000);
    run.#catchUp(ids.length / 2, true);
    run.#state = state;
    if (state.kind === "interrupted") run.#bill.loseRequests();
    if (state.kind === "stopped" && state.reason === "budget_reached") run.#bill.limitToThis(run.#outcome.finished);
    return run;
  }

  #catchUp(images: number, isLive: boolean): void {
    while (this.#next < Math.floor(images)) this.#account(this.#queue[this.#next++] as ImageId, isLive);
    this.#elapsed = this.#outcome.durations.reduce((sum, each) => sum + each, 0) / CONCURRENCY;
    let sum = 0;
    this.#finishedAfter = this.#outcome.durations.map((each) => (sum += each / CONCURRENCY));
  }

  start(): void {
    this.#state = { kind: "running" };
    this.#flight.note(this.#flying(), this.#elapsed);
    this.#timer = setInterval(() => this.#tick(), TICK_MILLIS);
    this.#publish();
  }

  stop(reason: StopReason): void {
    if (this.#state.kind !== "running") refuse("nothing_left");
    this.#state = { kind: "stopping" };
    this.#stopAs = reason;
    this.#publish();
  }

  resume(budget: Dollars | null, acceptsRepeats: boolean, retriesFailed: boolean, givesUpBatches = false): void {
    if (this.#isWorking) refuse("run_busy");
    const mayRetry = retriesFailed && this.#outcome.retryable > 0;
    if (this.images.length === this.#outcome.finished && !mayRetry) refuse("nothing_left");
    if (givesUpBatches && this.#unknownBatches().count > 0 && !acceptsRepeats) refuse("unsettled");
    this.#bill.settle(acceptsRepeats);
    if (budget !== null) this.#bill.limitTo(budget);
    this.#stopAs = "completed";
    if (retriesFailed) this.#queue.push(...this.#outcome.retry());
    this.start();
  }

  /** From now on it may cost so much at most, with what it has cost already. */
  limitTo(budget: Dollars | null): void {
    this.#bill.limitTo(budget);
  }

  watch(watcher: (snapshot: RunProgress) => void): () => void {
    this.#watchers.add(watcher);
    watcher(this.progress());
    return () => this.#watchers.delete(watcher);
  }

  #tick(): void {
    if (this.#order.standsStill && this.#state.kind === "running" && this.#next * 2 >= this.#queue.length) return;
    this.#elapsed += TICK_MILLIS;
    if (this.#state.kind === "stopping") {
      this.#end(this.#stopAs);
      return;
    }
    for (const image of this.#known.splice(0)) this.#outcome.reuse(image);
    if (!this.#goOn()) return;
    if (this.#outcome.finished === this.images.length) this.#end("completed");
    else {
      this.#flight.note(this.#flying(), this.#elapsed);
      this.#publish();
      // The library is another with every image that is done.
      this.#onChange();
    }
  }

  /** Asks about some more; false when that ended the run. */
  #goOn(): boolean {
    const until =
      this.#batches.length > 0 && this.#next < this.#batched ? this.#endedInBatches() : this.#next + this.#step;
    while (this.#next < Math.min(until, this.#queue.length)) {
      if (this.#bill.isAtBudget(this.#outcome.finished)) {
        this.#end("budget_reached");
        return false;
      }
      this.#account(this.#queue[this.#next++] as ImageId, true);
    }
    return true;
  }

  #account(image: ImageId, isLive: boolean): void {
    this.#finishedAfter.push(this.#elapsed);
    this.#outcome.durations.push(this.#outcome.took(image));
    const failure = this.#outcome.failureOf(image);
    // A file that cannot be read is never sent.
    if (failure?.kind !== "file_unreadable") this.#bill.pay(image);
    const followers = this.#order.followers.get(image) ?? [];
    if (failure === null) {
      this.#outcome.answer(image, isLive);
      for (const follower of followers) this.#outcome.carry(follower, image, isLive);
    } else {
      this.#outcome.fail(image, failure.kind, failure.detail, isLive);
      // There is nothing to carry over.
      this.#queue.push(...followers);
    }
  }

  #end(reason: StopReason): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#state = { kind: "stopped", reason };
    this.#endedAt = Date.now();
    this.#publish();
    this.#onChange();
  }

  /** A night passes by the clock, everything else by the ticks. */
  get #worked(): number {
    return this.#order.mode === "batch" ? (this.#endedAt ?? Date.now()) - this.#startedAt : this.#elapsed;
  }

  /** Images a tick. */
  get #step(): number {
    if (this.#hold()) return 0;
    return Math.max(1, Math.round(this.images.length / TICKS_A_RUN));
  }

  get #batched(): number {
    return this.#batches.reduce((sum, { images }) => sum + images.length, 0);
  }

  #endedInBatches(): number {
    const ended = this.#batches.filter(({ endsAt }) => endsAt <= this.#elapsed);
    return ended.reduce((sum, { images }) => sum + images.length, 0);
  }

  /** Images that are being asked about. */
  #flying(): ImageId[] {
    if (!this.#isWorking || (this.#batches.length > 0 && this.#next < this.#batched)) return [];
    return this.#queue.slice(this.#next, this.#next + this.#atOnce);
  }

  /** Images at once, as things stand. */
  get #atOnce(): number {
    const { concurrency } = this.#order;
    const endpoints = this.#endpoints.at(this.#elapsed, concurrency, 0).filter(({ failure }) => failure === null);
    // While every way is held, what was sent before is still under way.
    const open = endpoints.some(isOpen) ? endpoints.filter(isOpen) : endpoints;
    if (!this.#isElsewhere) return concurrency ?? CONCURRENCY;
    return Math.min(
      concurrency ?? Infinity,
      open.reduce((sum, { concurrency }) => sum + concurrency, 0),
    );
  }

  get #isElsewhere(): boolean {
    return this.#model.destination.kind === "host";
  }

  /** While nothing is sent on any way. */
  #hold(): Hold | null {
    const open = this.#endpointStates().filter(({ failure }) => failure === null);
    return open.length > 0 && open.every(({ hold }) => hold !== null) ? (open[0]?.hold ?? null) : null;
  }

  #endpointStates(): EndpointState[] {
    if (!this.#isElsewhere || this.#state.kind !== "running" || this.#batches.length > 0) return [];
    return this.#endpoints.at(this.#elapsed, this.#order.concurrency, this.#flying().length);
  }

  #batchStates(): BatchState[] {
    // The vendor's time goes on while nobody here works.
    return batchStates(this.#batches, this.#elapsed, this.#startedAt, this.#state.kind === "stopping");
  }

  hasAnswered(image: ImageId): boolean {
    return this.#outcome.answered.has(image);
  }

  /** Images that were answered in this run, to a model and a recipe. */
  answeredTo(model: string, recipe: number): ReadonlySet<ImageId> {
    const isThis = this.#isElsewhere && this.#model.id === model && this.#recipe.id === recipe;
    return isThis ? this.#outcome.answered : new Set();
  }

  #retriedBy(): RetryGroup[] {
    if (!this.#isElsewhere) return [];
    const { finished } = this.#outcome;
    const groups: RetryGroup[] = [
      { kind: "rate_limited", count: finished > 8 ? 2 : 0 },
      { kind: "overloaded", count: Math.floor(finished / 20) },
      { kind: "timed_out", count: this.#bill.possiblyBilled(finished).count },
    ];
    return groups.filter(({ count }) => count > 0);
  }

  get #retries(): number {
    return this.#isElsewhere ? this.#retriedBy().reduce((sum, { count }) => sum + count, 0) : this.id % 3;
  }

  get #stopDetail(): string | null {
    return this.#state.kind === "stopped" ? (SAID[this.#state.reason] ?? null) : null;
  }

  get modelName(): string {
    return this.#model.name;
  }

  /** What it has still to do while it is worked on. */
  get left(): ImageId[] {
    return this.#isWorking ? this.#queue.slice(this.#next) : [];
  }

  /** This run while it is worked on, for the frame; nothing otherwise. */
  get working(): WorkingRun[] {
    const { finished } = this.#outcome;
    return this.#isWorking
      ? [{ run: this.id, destination: this.#model.destination, finished, total: this.images.length }]
      : [];
  }

  get #isWorking(): boolean {
    return this.#state.kind === "running" || this.#state.kind === "stopping";
  }

  #rate(): number {
    return this.#worked === 0 ? 0 : (this.#outcome.finished / this.#worked) * 60_000;
  }

  /** What a snapshot and a summary say alike. */
  #told() {
    const { done, failed, finished, reused, propagated, durations } = this.#outcome;
    return {
      state: this.#state,
      stop_detail: this.#stopDetail,
      model_name: this.#model.name,
      recipe_name: this.#recipe.recipe.name,
      destination: this.#model.destination,
      mode: this.#order.mode,
      started_at: this.#startedAt,
      total: this.images.length,
      done,
      failed,
      reused,
      propagated,
      asked: durations.length,
      p50_millis: percentile(durations, 0.5),
      p95_millis: percentile(durations, 0.95),
      quoted_dollars: this.#bill.quoted,
      possibly_billed: this.#bill.possiblyBilled(finished),
      budget_dollars: this.#bill.budget,
      unsettled: this.#bill.unsettled,
      cut_short: this.#bill.cutShort,
    };
  }

  progress(): RunProgress {
    const { finished, failures, annotations, justAnswered } = this.#outcome;
    const left = this.images.length - finished;
    const flying = this.#flying();
    const step = Math.max(1, Math.round(this.images.length / TICKS_A_RUN));
    const inFlight = this.#flight.states(
      flying,
      this.#elapsed,
      (place) => (Math.floor(place / step) + 1) * TICK_MILLIS,
      (image) => this.#outcome.took(image),
      this.#isElsewhere ? this.#recipe.recipe.labels : null,
    );
    return {
      ...this.#told(),
      run: this.id,
      elapsed_millis: this.#worked,
      left_millis: finished === 0 || left === 0 ? null : (this.#elapsed / finished) * left,
      in_flight: inFlight,
      waiting: left - inFlight.length,
      prepared: this.#isElsewhere && flying.length > 0 ? Math.min(MOST_PREPARED, left - inFlight.length) : 0,
      annotations,
      rate_per_minute: this.#rate(),
      rate_window_millis: Math.min(RATE_WINDOW_MILLIS, this.#worked),
      concurrency: this.#atOnce,
      endpoints: this.#endpointStates(),
      batches: this.#batchStates(),
      unknown_batches: this.#unknownBatches(),
      spent_dollars: this.#bill.paid,
      reserved_dollars: this.#bill.reserved(inFlight.length, finished),
      largest_request_dollars: this.#bill.dearest,
      hold: this.#hold(),
      pending_elsewhere: [],
      retried: this.#retriedBy(),
      failures: failures.map((group) => ({ ...group })),
      just_answered: justAnswered,
      rate_history: this.#batches.length > 0 ? [] : rateHistory(this.#finishedAfter, this.#worked),
      failed_hooks: this.#hooks.filter(({ ending }) => ending.kind !== "exited" || ending.code !== 0),
    };
  }

  summary(): RunSummary {
    const { finished, annotations, propagated, retryable } = this.#outcome;
    const layers = layersOfRuns([this.id]);
    const cards = this.images.map((id) => cardIn(layers, this.#library.card(id)));
    return {
      ...this.#told(),
      id: this.id,
      model: this.#model.id,
      waiting: this.images.length - finished,
      annotation_count: annotations,
      propagated_count: propagated,
      undecided_count: this.images.reduce((sum, id) => sum + this.#library.undecidedOf(id, this.id), 0),
      reviewed_count: cards.filter((card) => card.review !== "unreviewed").length,
      paid_dollars: this.#bill.paid,
      usage: { ...this.#bill.usage },
      retryable,
      retries: this.#retries,
      rate_per_minute: finished === 0 ? null : this.#rate(),
    };
  }

  noteHooks(hooks: HookRun[]): void {
    this.#hooks = hooks;
  }

  report(): RunReport {
    const { done, reused, propagated, durations, failures, failedImages, repairs, dropped, labels } = this.#outcome;
    return {
      summary: this.summary(),
      metrics: metricsOf({
        durations,
        answered: done - reused - propagated,
        reused,
        propagated: propagated,
        retries: this.#retries,
        wallMillis: this.#worked,
        concurrency: CONCURRENCY,
        isBatch: this.#order.mode === "batch",
      }),
      failures: failures.map((group) => ({ ...group })),
      cut_off: null,
      failed_images: failedImages,
      retried: this.#retriedBy(),
      repairs,
      dropped,
      labels,
      durations: bins(durations),
      diagnoses: [],
      endpoints: this.#runEndpoints(),
      unknown_batches: this.#unknownBatches(),
      hooks: this.#hooks,
    };
  }

  /** What was left when the server lost its batch. */
  #unknownBatches(): PossiblyBilled {
    const isLost = this.#state.kind === "stopped" && this.#state.reason === "batch_unknown";
    return isLost ? { count: this.images.length - this.#outcome.finished, at_most_dollars: 0.42 } : NOTHING_BILLED;
  }

  #runEndpoints(): RunEndpoint[] {
    return this.#endpoints.at(this.#elapsed, this.#order.concurrency, 0).map(({ name, failure }, place) => ({
      name,
      answered: place === 0 ? this.#outcome.done : 0,
      failed: failure === null ? 0 : 1,
      problem: failure?.problem ?? null,
      detail: failure?.detail ?? null,
      is_working: failure === null,
    }));
  }

  #publish(): void {
    const snapshot = this.progress();
    for (const watcher of this.#watchers) watcher(snapshot);
  }
}
