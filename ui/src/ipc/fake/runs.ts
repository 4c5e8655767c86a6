/** Runs of the core in memory: they work through their images in a few seconds, and can be paused, resumed, cancelled. */
import type {
  BatchState,
  CostRange,
  DurationBin,
  FailureGroup,
  FailureKind,
  Hold,
  HookRun,
  ImageId,
  JustAnswered,
  LabelCount,
  Model,
  PicoDollars,
  PossiblyBilled,
  RetryGroup,
  RetryKind,
  RouteState,
  RunId,
  RunMetrics,
  RunMode,
  RunProgress,
  RunReport,
  RunState,
  RunSummary,
  SavedRecipe,
  StopReason,
  Usage,
  WorkingRun,
} from "../bindings";
import { batchesOf, batchStates, type FakeBatch } from "./batches";
import { ANSWER_TOKENS, claudeCost, promptTokens, THINKING_TOKENS } from "./claude";
import { FakeFlight } from "./flight";
import type { FakeLibrary } from "./library";
import { chance, photoOf } from "./photos";
import { refuse } from "./refuse";
import { type FakeRoute, FakeRoutes, isOpen } from "./routes";

const TICK_MILLIS = 100;
/** However many images a run has, it takes about so many ticks. */
const TICKS_A_RUN = 60;
const MOST_JUST_ANSWERED = 12;
const MOST_RATE_POINTS = 120;
const MOST_BINS = 24;
const CONCURRENCY = 4;
const MOST_PREPARED = 7;
/** The epoch of the fake's own clock, so that history looks the same every day. */
const LONG_AGO = Date.UTC(2026, 10, 21, 9, 30);

/** One request of a run elsewhere went unanswered once so many images were done. */
const UNANSWERED_AFTER = 10;

/** What the server, or the way to it, says in a hold or when a run ends by itself. */
const SAID: Partial<Record<StopReason | RetryKind, string>> = {
  rate_limited: "This request would exceed your organization's rate limit of 2,000,000 input tokens per minute.",
  overloaded: "Overloaded",
  unreachable: "connection refused (os error 111)",
  key_rejected: "invalid x-api-key",
  not_permitted: "Your API key does not have permission to use the specified resource.",
  no_credit: "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing.",
  spend_limit: "You have reached your specified API usage limits. You will regain access on 2026-12-01.",
  unknown_model: "model: claude-haiku-5-5",
  not_such_a_server: "HTTP 404, text/html",
  request_refused: "output_config.format: Extra inputs are not permitted",
};

/** So many requests of a run elsewhere were under way when its process died. */
const LOST_REQUESTS = 3;

/** In pico-dollars. */
const HUNDREDTH_CENT = 1e8;

const NONE_BILLED: PossiblyBilled = { count: 0, at_most: 0 };

/** Another try of these may come out otherwise. */
const WORTH_RETRYING: readonly FailureKind[] = ["file_missing", "file_unreadable", "model_failed", "answer_unreadable"];

/** Who does the work. */
export type FakeModel = Pick<Model, "id" | "name" | "destination">;

/** What a run is told beyond its images. */
export interface FakeOrder {
  mode: RunMode;
  /** Images at once; null finds out. */
  concurrency: number | null;
  /** Images whose answers were paid for earlier. */
  answered: ReadonlySet<ImageId>;
  /** Images that are given the marks of another one, by that other one. */
  followers: ReadonlyMap<ImageId, readonly ImageId[]>;
  routes: readonly FakeRoute[];
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
  routes: [],
  closesLast: false,
  heldAs: "rate_limited",
  standsStill: false,
};

export class FakeRun {
  readonly id: RunId;
  readonly #library: FakeLibrary;
  readonly #recipe: SavedRecipe;
  readonly #model: FakeModel;
  readonly #quoted: CostRange;
  /** The most that one request can cost. */
  readonly #dearest: PicoDollars;
  readonly #order: FakeOrder;
  readonly #routes: FakeRoutes;
  readonly #batches: readonly FakeBatch[];
  readonly #flight = new FakeFlight();
  readonly images: ImageId[];
  /** What is asked about, in this order, and how far that has come. */
  readonly #queue: ImageId[];
  #next = 0;
  /** What costs nothing, and is done first. */
  #known: ImageId[];
  #reused = 0;
  #carried = 0;
  readonly #answered = new Set<ImageId>();
  readonly #failedAs = new Map<ImageId, FailureKind>();
  /** Failed images that were tried again: that goes well. */
  readonly #retried = new Set<ImageId>();
  readonly #startedAt: number;
  readonly #onChange: () => void;
  #state: RunState = { kind: "running" };
  #stopAs: StopReason = "completed";
  #done = 0;
  #failed = 0;
  #marks = 0;
  #elapsed = 0;
  #endedAt: number | null = null;
  #durations: number[] = [];
  #hooks: HookRun[] = [];
  #failures: FailureGroup[] = [];
  #paid = 0;
  #budget: PicoDollars | null = null;
  /** Requests that were under way when the process died, before and after somebody agreed to make them again. */
  #unsettled = NONE_BILLED;
  #repeated = NONE_BILLED;
  readonly #usage: Required<Usage> = {
    input_tokens: 0,
    output_tokens: 0,
    cache_write_5m_tokens: 0,
    cache_write_1h_tokens: 0,
    cache_read_tokens: 0,
    thinking_tokens: 0,
  };
  #cutShort = 0;
  #justAnswered: JustAnswered[] = [];
  #rates: number[] = [];
  #labels = new Map<string, LabelCount>();
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
    this.#library = library;
    this.#recipe = recipe;
    this.#model = model;
    const following = new Set([...order.followers.values()].flat());
    this.#queue = ids.filter((image) => !order.answered.has(image) && !following.has(image));
    this.#known = ids.filter((image) => order.answered.has(image));
    const claude = claudeCost(model.id, this.#queue, order.mode);
    this.#quoted = claude?.cost ?? { low: 0, expected: 0, high: 0 };
    this.#dearest = claude?.dearest ?? 0;
    this.#order = order;
    const host = model.destination.kind === "host" ? model.destination.name : "";
    const routes = order.routes.length > 0 ? order.routes : [{ name: host, concurrency: null, limits: {} }];
    this.#routes = new FakeRoutes(
      this.#isElsewhere ? routes : [],
      order.heldAs,
      SAID[order.heldAs] ?? "",
      order.closesLast,
    );
    this.#batches = order.mode === "overnight" ? batchesOf(this.#queue) : [];
    this.images = ids;
    this.#onChange = onChange;
    this.#startedAt = startedAt;
  }

  /** A run of the past: finished at once, its marks already in the library. */
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
    if (state.kind === "interrupted" && run.#isElsewhere)
      run.#unsettled = { count: LOST_REQUESTS, at_most: LOST_REQUESTS * run.#dearest };
    // Room for less than one more request.
    if (state.kind === "stopped" && state.reason === "budget_reached")
      run.#budget = Math.ceil((run.#committed + run.#dearest / 2) / HUNDREDTH_CENT) * HUNDREDTH_CENT;
    return run;
  }

  #catchUp(images: number, isLive: boolean): void {
    while (this.#next < Math.floor(images)) this.#account(this.#queue[this.#next++] as ImageId, isLive);
    this.#elapsed = this.#durations.reduce((sum, each) => sum + each, 0) / CONCURRENCY;
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

  resume(budget: PicoDollars | null, acceptsRepeats: boolean, retriesFailed: boolean): void {
    if (this.#isWorking) refuse("run_busy");
    if (this.images.length === this.#finished && !(retriesFailed && this.#retryable > 0)) refuse("nothing_left");
    if (this.#unsettled.count > 0 && !acceptsRepeats) refuse("unsettled");
    if (budget !== null) this.limitTo(budget);
    if (this.#unsettled.count > 0) this.#repeated = this.#unsettled;
    this.#unsettled = NONE_BILLED;
    this.#stopAs = "completed";
    if (retriesFailed) this.#retryFailed();
    this.start();
  }

  #retryFailed(): void {
    for (const [image, kind] of this.#failedAs) {
      if (!WORTH_RETRYING.includes(kind)) continue;
      this.#failedAs.delete(image);
      this.#failed -= 1;
      this.#retried.add(image);
      this.#queue.push(image);
    }
    this.#failures = this.#failures.filter(({ is_worth_retrying }) => !is_worth_retrying);
  }

  get #retryable(): number {
    return this.#failures.reduce((sum, group) => sum + (group.is_worth_retrying ? group.count : 0), 0);
  }

  /** From now on it may cost so much at most, with what it has cost already. */
  limitTo(budget: PicoDollars | null): void {
    if (budget !== null && budget < this.#dearest) refuse("budget_too_small");
    this.#budget = budget;
  }

  /** Paid, or possibly so. */
  get #committed(): PicoDollars {
    return this.#paid + this.#possiblyBilled().at_most;
  }

  /** Whether the next request could pass the budget. */
  get #isAtBudget(): boolean {
    return this.#budget !== null && this.#committed + this.#dearest > this.#budget;
  }

  /** Set aside for the requests under way, as far as there is room in the budget. */
  #reserved(requests: number): PicoDollars {
    const atMost = requests * this.#dearest;
    return this.#budget === null ? atMost : Math.min(atMost, Math.max(0, this.#budget - this.#committed));
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
    for (const image of this.#known.splice(0)) this.#reuse(image);
    if (!this.#goOn()) return;
    if (this.#elapsed % 1000 === 0 && this.#batches.length === 0)
      this.#rates = [...this.#rates, this.#rate()].slice(-MOST_RATE_POINTS);
    if (this.#finished === this.images.length) this.#end("completed");
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
      if (this.#isAtBudget) {
        this.#end("budget_reached");
        return false;
      }
      this.#account(this.#queue[this.#next++] as ImageId, true);
    }
    return true;
  }

  /** A night passes by the clock, everything else by the ticks. */
  get #worked(): number {
    return this.#order.mode === "overnight" ? (this.#endedAt ?? Date.now()) - this.#startedAt : this.#elapsed;
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
    const routes = this.#routes.at(this.#elapsed, concurrency, 0).filter(({ closed }) => closed === null);
    // While every way is held, what was sent before is still under way.
    const open = routes.some(isOpen) ? routes.filter(isOpen) : routes;
    if (!this.#isElsewhere) return concurrency ?? CONCURRENCY;
    return Math.min(
      concurrency ?? Infinity,
      open.reduce((sum, { at_once }) => sum + at_once, 0),
    );
  }

  #end(reason: StopReason): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#state = { kind: "stopped", reason };
    this.#endedAt = Date.now();
    this.#publish();
    this.#onChange();
  }

  #account(image: ImageId, isLive: boolean): void {
    this.#durations.push(this.#took(image));
    const failure = this.#retried.has(image) ? null : this.#failureOf(image);
    // A file that cannot be read is never sent.
    if (this.#isElsewhere && failure?.kind !== "file_unreadable") this.#pay(image);
    if (failure === null) {
      this.#answered.add(image);
      this.#mark(image, isLive);
      for (const follower of this.#order.followers.get(image) ?? []) {
        this.#carried += 1;
        this.#mark(follower, isLive, image);
      }
    } else {
      this.#fail(image, failure.kind, failure.detail, isLive);
      // There is nothing to carry over.
      this.#queue.push(...(this.#order.followers.get(image) ?? []));
    }
  }

  #failureOf(image: ImageId): { kind: FailureKind; detail: string } | null {
    if (chance(image, 40 + this.id) < 0.03) return { kind: "file_unreadable", detail: "unexpected end of file" };
    if (!this.#isElsewhere || chance(image, 60) <= 0.985) return null;
    return { kind: "declined", detail: "stop_reason: refusal" };
  }

  #took(image: ImageId): number {
    const detected = 55 + chance(image, this.id) * 60 + (chance(image, 5) > 0.95 ? 140 : 0);
    return Math.round(detected * (this.#isElsewhere ? 90 : 1));
  }

  #reuse(image: ImageId): void {
    this.#reused += 1;
    this.#answered.add(image);
    this.#mark(image, true);
  }

  #mark(image: ImageId, isLive: boolean, carriedFrom: ImageId | null = null): void {
    this.#done += 1;
    const { labels } = this.#recipe.recipe;
    const found = isLive
      ? this.#library.propose(
          image,
          this.id,
          labels.map(({ name, color }) => ({ label: name, color })),
          carriedFrom,
        )
      : photoOf(image).marks.length;
    this.#marks += found;
    for (const mark of photoOf(image).marks) {
      const label = labels.find(({ name }) => name === mark.label);
      if (!label) continue;
      const known = this.#labels.get(label.name);
      if (known) known.count += 1;
      else this.#labels.set(label.name, { name: label.name, color: label.color, count: 1 });
    }
    const answered = { image, mark_count: found, took_millis: this.#took(image) };
    this.#justAnswered = [answered, ...this.#justAnswered].slice(0, MOST_JUST_ANSWERED);
  }

  #fail(image: ImageId, kind: FailureKind, detail: string, isLive: boolean): void {
    this.#failed += 1;
    this.#failedAs.set(image, kind);
    const group = this.#failures.find((known) => known.kind === kind);
    if (group) group.count += 1;
    else
      this.#failures.push({
        kind,
        count: 1,
        is_worth_retrying: WORTH_RETRYING.includes(kind),
        example: detail,
        example_image: this.#library.card(image).name,
      });
    if (isLive) this.#library.fail(image, { run: this.id, kind, detail });
  }

  /** An answer costs about what was expected, a little less on the whole. */
  #pay(image: ImageId): void {
    this.#paid += Math.round((this.#quoted.expected / this.#queue.length) * (0.8 + chance(image, 61) * 0.3));
    this.#usage.input_tokens += promptTokens(image);
    this.#usage.thinking_tokens += THINKING_TOKENS;
    this.#usage.output_tokens += ANSWER_TOKENS + THINKING_TOKENS;
    if (chance(image, 62) > 0.97) this.#cutShort += 1;
  }

  get #isElsewhere(): boolean {
    return this.#model.destination.kind === "host";
  }

  /** While nothing is sent on any way. */
  #hold(): Hold | null {
    const open = this.#routeStates().filter(({ closed }) => closed === null);
    return open.length > 0 && open.every(({ hold }) => hold !== null) ? (open[0]?.hold ?? null) : null;
  }

  #routeStates(): RouteState[] {
    if (!this.#isElsewhere || this.#state.kind !== "running" || this.#batches.length > 0) return [];
    return this.#routes.at(this.#elapsed, this.#order.concurrency, this.#flying().length);
  }

  #batchStates(): BatchState[] {
    // The vendor's time goes on while nobody here works.
    return batchStates(this.#batches, this.#elapsed, this.#startedAt, this.#state.kind === "stopping");
  }

  hasAnswered(image: ImageId): boolean {
    return this.#answered.has(image);
  }

  /** Images that were answered in this run, to a model and a recipe. */
  answeredTo(model: string, recipe: number): ReadonlySet<ImageId> {
    return this.#isElsewhere && this.#model.id === model && this.#recipe.id === recipe ? this.#answered : new Set();
  }

  #retriedBy(): RetryGroup[] {
    if (!this.#isElsewhere) return [];
    const overloaded = Math.floor(this.#finished / 20);
    const groups: RetryGroup[] = [
      { kind: "rate_limited", count: this.#finished > 8 ? 2 : 0 },
      { kind: "overloaded", count: overloaded },
      { kind: "timed_out", count: this.#possiblyBilled().count },
    ];
    return groups.filter(({ count }) => count > 0);
  }

  #possiblyBilled(): PossiblyBilled {
    if (!this.#isElsewhere || this.#finished < UNANSWERED_AFTER) return this.#repeated;
    const { count, at_most } = this.#repeated;
    return { count: count + 1, at_most: at_most + Math.round(this.#quoted.high / this.#queue.length) };
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
    return this.#isWorking
      ? [{ run: this.id, destination: this.#model.destination, finished: this.#finished, total: this.images.length }]
      : [];
  }

  get #finished(): number {
    return this.#done + this.#failed;
  }

  get #isWorking(): boolean {
    return this.#state.kind === "running" || this.#state.kind === "stopping";
  }

  #rate(): number {
    return this.#worked === 0 ? 0 : (this.#finished / this.#worked) * 60_000;
  }

  progress(): RunProgress {
    const left = this.images.length - this.#finished;
    const flying = this.#flying();
    const labels = this.#isElsewhere ? this.#recipe.recipe.labels : null;
    const step = Math.max(1, Math.round(this.images.length / TICKS_A_RUN));
    const inFlight = this.#flight.states(
      flying,
      this.#elapsed,
      (place) => (Math.floor(place / step) + 1) * TICK_MILLIS,
      (image) => this.#took(image),
      labels,
    );
    return {
      run: this.id,
      state: this.#state,
      stop_detail: this.#stopDetail,
      model_name: this.#model.name,
      recipe_name: this.#recipe.recipe.name,
      destination: this.#model.destination,
      started_at: this.#startedAt,
      elapsed_millis: this.#worked,
      left_millis: this.#finished === 0 || left === 0 ? null : (this.#elapsed / this.#finished) * left,
      total: this.images.length,
      done: this.#done,
      failed: this.#failed,
      in_flight: inFlight,
      waiting: left - inFlight.length,
      prepared: this.#isElsewhere && flying.length > 0 ? Math.min(MOST_PREPARED, left - inFlight.length) : 0,
      reused: this.#reused,
      carried: this.#carried,
      marks: this.#marks,
      rate_per_minute: this.#rate(),
      p50_millis: percentile(this.#durations, 0.5),
      p95_millis: percentile(this.#durations, 0.95),
      concurrency: this.#atOnce,
      mode: this.#order.mode,
      routes: this.#routeStates(),
      batches: this.#batchStates(),
      quoted: this.#quoted,
      spent: this.#paid,
      possibly_billed: this.#possiblyBilled(),
      budget: this.#budget,
      reserved: this.#reserved(inFlight.length),
      unsettled: this.#unsettled,
      hold: this.#hold(),
      retried: this.#retriedBy(),
      cut_short: this.#cutShort,
      failures: this.#failures.map((group) => ({ ...group })),
      just_answered: this.#justAnswered,
      rate_history: this.#rates,
    };
  }

  summary(): RunSummary {
    const cards = this.images.map((id) => this.#library.card(id));
    return {
      id: this.id,
      state: this.#state,
      stop_detail: this.#stopDetail,
      model: this.#model.id,
      model_name: this.#model.name,
      recipe_name: this.#recipe.recipe.name,
      destination: this.#model.destination,
      mode: this.#order.mode,
      started_at: this.#startedAt,
      total: this.images.length,
      done: this.#done,
      failed: this.#failed,
      waiting: this.images.length - this.#finished,
      mark_count: this.#marks,
      undecided_count: this.images.reduce((sum, id) => sum + this.#library.undecidedOf(id, this.id), 0),
      reviewed_count: cards.filter((card) => card.review !== "unreviewed").length,
      quoted: this.#quoted,
      paid: this.#paid,
      usage: { ...this.#usage },
      possibly_billed: this.#possiblyBilled(),
      budget: this.#budget,
      unsettled: this.#unsettled,
      cut_short: this.#cutShort,
      retryable: this.#retryable,
      reused: this.#reused,
      carried: this.#carried,
      retries: this.#retries,
      p50_millis: percentile(this.#durations, 0.5),
      p95_millis: percentile(this.#durations, 0.95),
      rate_per_minute: this.#finished === 0 ? null : this.#rate(),
    };
  }

  noteHooks(hooks: HookRun[]): void {
    this.#hooks = hooks;
  }

  report(): RunReport {
    return {
      summary: this.summary(),
      metrics: this.#metrics(),
      failures: this.#failures.map((group) => ({ ...group })),
      retried: this.#retriedBy(),
      repairs: this.#isElsewhere
        ? [
            { count: 12, example: { kind: "corners_swapped" } },
            { count: 3, example: { kind: "label_renamed", answered: "kitty" } },
          ]
        : [],
      dropped: this.#isElsewhere ? [{ count: 2, example: { kind: "unknown_label", answered: "saucer" } }] : [],
      labels: [...this.#labels.values()].sort((one, other) => other.count - one.count),
      durations: bins(this.#durations),
      diagnoses: [],
      hooks: this.#hooks,
    };
  }

  #metrics(): RunMetrics | null {
    if (this.#finished === 0) return null;
    const summed = this.#durations.reduce((sum, each) => sum + each, 0);
    const at = (share: number) => percentile(this.#durations, share) ?? 0;
    return {
      images: this.#finished,
      concurrency: CONCURRENCY,
      wall_millis: this.#worked,
      mean_millis: summed / this.#finished,
      p50_millis: at(0.5),
      p95_millis: at(0.95),
      p99_millis: at(0.99),
      summed_millis: summed,
      speedup: this.#order.mode === "overnight" ? null : summed / this.#worked,
      images_per_second: this.#finished / (this.#worked / 1000),
      success_rate: this.#done / this.#finished,
      retry_rate: this.#retries / this.#finished,
      retries: this.#retries,
    };
  }

  #publish(): void {
    const snapshot = this.progress();
    for (const watcher of this.#watchers) watcher(snapshot);
  }
}

function percentile(durations: readonly number[], share: number): number | null {
  if (durations.length === 0) return null;
  const sorted = [...durations].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? null;
}

function bins(durations: readonly number[]): DurationBin[] {
  if (durations.length === 0) return [];
  const least = durations.reduce((low, each) => Math.min(low, each));
  const most = durations.reduce((high, each) => Math.max(high, each));
  const width = Math.max(1, Math.ceil((most - least + 1) / MOST_BINS));
  const number = Math.floor((most - least) / width) + 1;
  const made = Array.from({ length: number }, (_, place) => ({
    from_millis: least + place * width,
    to_millis: least + (place + 1) * width,
    count: 0,
  }));
  for (const duration of durations) (made[Math.floor((duration - least) / width)] as DurationBin).count += 1;
  return made;
}
