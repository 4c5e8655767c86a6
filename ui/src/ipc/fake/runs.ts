/** Runs of the core in memory: they work through their images in a few seconds, and can be paused, resumed, cancelled. */
import type {
  DurationBin,
  FailureGroup,
  ImageId,
  JustAnswered,
  LabelCount,
  RunId,
  RunMetrics,
  RunProgress,
  RunReport,
  RunState,
  RunSummary,
  SavedRecipe,
  StopReason,
  WorkingRun,
} from "../bindings";
import type { FakeLibrary } from "./library";
import { chance, photoOf } from "./photos";
import { refuse } from "./refuse";

const TICK_MILLIS = 100;
/** However many images a run has, it takes about so many ticks. */
const TICKS_A_RUN = 60;
const MOST_JUST_ANSWERED = 12;
const MOST_RATE_POINTS = 120;
const MOST_BINS = 24;
const CONCURRENCY = 4;
/** The epoch of the fake's own clock, so that history looks the same every day. */
const LONG_AGO = Date.UTC(2026, 10, 21, 9, 30);

export class FakeRun {
  readonly id: RunId;
  readonly #library: FakeLibrary;
  readonly #recipe: SavedRecipe;
  readonly images: ImageId[];
  readonly #startedAt: number;
  readonly #onChange: () => void;
  #state: RunState = { kind: "running" };
  #stopAs: StopReason = "completed";
  #done = 0;
  #failed = 0;
  #marks = 0;
  #elapsed = 0;
  #durations: number[] = [];
  #failures: FailureGroup[] = [];
  #justAnswered: JustAnswered[] = [];
  #rates: number[] = [];
  #labels = new Map<string, LabelCount>();
  #timer: ReturnType<typeof setInterval> | null = null;
  readonly #watchers = new Set<(snapshot: RunProgress) => void>();

  constructor(
    id: RunId,
    library: FakeLibrary,
    recipe: SavedRecipe,
    ids: ImageId[],
    onChange: () => void,
    startedAt = Date.now(),
  ) {
    this.id = id;
    this.#library = library;
    this.#recipe = recipe;
    this.images = ids;
    this.#onChange = onChange;
    this.#startedAt = startedAt;
  }

  /** A run of the past: finished at once, its marks already in the library. */
  static past(id: RunId, library: FakeLibrary, recipe: SavedRecipe, images: number): FakeRun {
    const ids = library.selected({ kind: "all" }).slice(0, images);
    const run = new FakeRun(id, library, recipe, ids, () => undefined, LONG_AGO + id * 86_400_000);
    for (const image of ids) run.#account(image, false);
    run.#elapsed = run.#durations.reduce((sum, each) => sum + each, 0) / CONCURRENCY;
    run.#state = { kind: "stopped", reason: "completed" };
    return run;
  }

  /** A run whose process died in the middle. */
  static interrupted(id: RunId, library: FakeLibrary, recipe: SavedRecipe): FakeRun {
    const ids = library.selected({ kind: "all" });
    const run = new FakeRun(id, library, recipe, ids, () => undefined, LONG_AGO + id * 86_400_000);
    for (const image of ids.slice(0, ids.length / 2)) run.#account(image, true);
    run.#elapsed = run.#durations.reduce((sum, each) => sum + each, 0) / CONCURRENCY;
    run.#state = { kind: "interrupted" };
    return run;
  }

  start(): void {
    this.#state = { kind: "running" };
    this.#timer = setInterval(() => this.#tick(), TICK_MILLIS);
    this.#publish();
  }

  stop(reason: StopReason): void {
    if (this.#state.kind !== "running") refuse("nothing_left");
    this.#state = { kind: "stopping" };
    this.#stopAs = reason;
    this.#publish();
  }

  resume(): void {
    if (this.#state.kind === "running" || this.#state.kind === "stopping") refuse("run_busy");
    this.#stopAs = "completed";
    this.start();
  }

  watch(watcher: (snapshot: RunProgress) => void): () => void {
    this.#watchers.add(watcher);
    watcher(this.progress());
    return () => this.#watchers.delete(watcher);
  }

  #tick(): void {
    this.#elapsed += TICK_MILLIS;
    if (this.#state.kind === "stopping") {
      this.#end(this.#stopAs);
      return;
    }
    const step = Math.max(1, Math.round(this.images.length / TICKS_A_RUN));
    for (let count = 0; count < step && this.#finished < this.images.length; count += 1) {
      this.#account(this.images[this.#finished] as ImageId, true);
    }
    if (this.#elapsed % 1000 === 0) this.#rates = [...this.#rates, this.#rate()].slice(-MOST_RATE_POINTS);
    if (this.#finished === this.images.length) this.#end("completed");
    else {
      this.#publish();
      // The library is another with every image that is done.
      this.#onChange();
    }
  }

  #end(reason: StopReason): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#state = { kind: "stopped", reason };
    this.#publish();
    this.#onChange();
  }

  #account(image: ImageId, isLive: boolean): void {
    const took = Math.round(55 + chance(image, this.id) * 60 + (chance(image, 5) > 0.95 ? 140 : 0));
    this.#durations.push(took);
    if (chance(image, 40 + this.id) < 0.03) {
      this.#failed += 1;
      const detail = "unexpected end of file";
      const name = this.#library.card(image).name;
      const group = this.#failures[0];
      if (group) group.count += 1;
      else this.#failures.push({ kind: "file_unreadable", count: 1, example: detail, example_image: name });
      if (isLive) this.#library.fail(image, { run: this.id, kind: "file_unreadable", detail });
      return;
    }
    this.#done += 1;
    const { labels } = this.#recipe.recipe;
    const found = isLive
      ? this.#library.propose(
          image,
          this.id,
          labels.map(({ name, color }) => ({ label: name, color })),
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
    const answered = { image, mark_count: found, took_millis: took };
    this.#justAnswered = [answered, ...this.#justAnswered].slice(0, MOST_JUST_ANSWERED);
  }

  /** This run while it is worked on, for the frame; nothing otherwise. */
  get working(): WorkingRun[] {
    return this.#isWorking ? [{ run: this.id, finished: this.#finished, total: this.images.length }] : [];
  }

  get #finished(): number {
    return this.#done + this.#failed;
  }

  get #isWorking(): boolean {
    return this.#state.kind === "running" || this.#state.kind === "stopping";
  }

  #rate(): number {
    return this.#elapsed === 0 ? 0 : (this.#finished / this.#elapsed) * 60_000;
  }

  progress(): RunProgress {
    const left = this.images.length - this.#finished;
    const inFlight = this.#isWorking ? this.images.slice(this.#finished, this.#finished + CONCURRENCY) : [];
    return {
      run: this.id,
      state: this.#state,
      model_name: "Built-in detector",
      recipe_name: this.#recipe.recipe.name,
      started_at: this.#startedAt,
      elapsed_millis: this.#elapsed,
      left_millis: this.#finished === 0 || left === 0 ? null : (this.#elapsed / this.#finished) * left,
      total: this.images.length,
      done: this.#done,
      failed: this.#failed,
      in_flight: inFlight.map((image, place) => ({ image, since_millis: 20 + place * 18 })),
      waiting: left - inFlight.length,
      marks: this.#marks,
      rate_per_minute: this.#rate(),
      p50_millis: percentile(this.#durations, 0.5),
      p95_millis: percentile(this.#durations, 0.95),
      concurrency: CONCURRENCY,
      spent: 0,
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
      model: "nanodet-g-416",
      model_name: "Built-in detector",
      recipe_name: this.#recipe.recipe.name,
      started_at: this.#startedAt,
      total: this.images.length,
      done: this.#done,
      failed: this.#failed,
      waiting: this.images.length - this.#finished,
      mark_count: this.#marks,
      undecided_count: this.images.reduce((sum, id) => sum + this.#library.undecidedOf(id, this.id), 0),
      reviewed_count: cards.filter((card) => card.review !== "unreviewed").length,
      quoted: 0,
      paid: 0,
      retries: this.id % 3,
      p50_millis: percentile(this.#durations, 0.5),
      p95_millis: percentile(this.#durations, 0.95),
      rate_per_minute: this.#finished === 0 ? null : this.#rate(),
    };
  }

  report(): RunReport {
    return {
      summary: this.summary(),
      metrics: this.#metrics(),
      failures: this.#failures.map((group) => ({ ...group })),
      labels: [...this.#labels.values()].sort((one, other) => other.count - one.count),
      durations: bins(this.#durations),
    };
  }

  #metrics(): RunMetrics | null {
    if (this.#finished === 0) return null;
    const summed = this.#durations.reduce((sum, each) => sum + each, 0);
    const at = (share: number) => percentile(this.#durations, share) ?? 0;
    return {
      images: this.#finished,
      concurrency: CONCURRENCY,
      wall_millis: this.#elapsed,
      mean_millis: summed / this.#finished,
      p50_millis: at(0.5),
      p95_millis: at(0.95),
      p99_millis: at(0.99),
      summed_millis: summed,
      speedup: summed / this.#elapsed,
      images_per_second: this.#finished / (this.#elapsed / 1000),
      success_rate: this.#done / this.#finished,
      retry_rate: (this.id % 3) / this.#finished,
      retries: this.id % 3,
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
