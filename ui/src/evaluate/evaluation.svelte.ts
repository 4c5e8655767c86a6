/** What is evaluated against what, and the report. */
import type { EvaluationReport, EvaluationResult, ImportedLayer, RunId, RunSummary, Side } from "../api/bindings";
import type { Core } from "../api/core";
import { answered, DECIDED, isSameSide } from "../compare/sides";

export type EvaluationCore = Pick<Core, "runs" | "importedLayers" | "evaluate" | "cancelEvaluation">;

/** How long a threshold rests before it is evaluated. */
const REST_MILLIS = 200;
/** Results side by side. */
export const MOST_RESULTS = 4;
export const USUAL_OVERLAP = 0.5;

/** Why there is no report. */
export type Unavailable = "no_runs" | "no_truth" | "nothing_in_common" | "failed";

export class Evaluation {
  readonly #core: EvaluationCore;
  readonly #refused: (refusal: unknown) => void;

  /** With answers, newest first. */
  runs = $state.raw<RunSummary[]>([]);
  /** Imported, newest first. */
  layers = $state.raw<ImportedLayer[]>([]);
  /** Runs and imported layers. The first one is the one that the others are compared with. */
  evaluated = $state.raw<readonly RunId[]>([]);
  against = $state.raw<Side | null>(null);
  /** Null for the best of each result. */
  threshold = $state<number | null>(null);
  overlap = $state(USUAL_OVERLAP);
  report = $state.raw<EvaluationReport | null>(null);
  /** Whether a report is awaited. */
  isEvaluating = $state(true);
  unavailable = $state<Unavailable | null>(null);
  /** Index of the result whose details are shown. */
  selected = $state(0);

  /** Number of the latest evaluation; null once it is over. */
  #task: number | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  readonly result: EvaluationResult | null = $derived(this.report?.results[this.selected] ?? null);

  constructor(core: EvaluationCore, refused: (refusal: unknown) => void) {
    this.#core = core;
    this.#refused = refused;
  }

  /** Opens what is wanted, or what was evaluated before, or the newest run. `isAnyReviewed`: whether people are a truth. */
  async open(wanted: RunId | null, isAnyReviewed: boolean): Promise<void> {
    const known = await this.#attempt(() => Promise.all([this.#core.runs(), this.#core.importedLayers()]));
    if (known === undefined) {
      this.unavailable = "failed";
      this.isEvaluating = false;
      return;
    }
    this.runs = answered(known[0]);
    this.layers = known[1];
    const isKnown = (run: RunId) => [...this.runs, ...this.layers].some(({ id }) => id === run);
    const kept = this.evaluated.filter(isKnown);
    const newest = this.judged.slice(0, 1);
    this.evaluated = wanted !== null && isKnown(wanted) ? [wanted] : kept.length > 0 ? kept : newest;
    const { against } = this;
    const isAgainstThere = against !== null && (against.kind === "decided" ? isAnyReviewed : isKnown(against.run));
    const truth = this.layers.find(({ role }) => role === "ground_truth");
    const likely: Side | null = truth ? { kind: "run", run: truth.id } : isAnyReviewed ? DECIDED : null;
    if (!isAgainstThere) this.against = likely;
    await this.evaluate();
  }

  /** What can be evaluated: runs, and imported predictions. */
  get judged(): RunId[] {
    return [...this.runs, ...this.layers.filter(({ role }) => role === "predictions")].map(({ id }) => id);
  }

  /** Whether this run is evaluated. */
  isEvaluated(run: RunId): boolean {
    return this.evaluated.includes(run);
  }

  toggle(run: RunId): void {
    const others = this.evaluated.filter((each) => each !== run);
    const isRemoved = others.length < this.evaluated.length;
    if (isRemoved && others.length === 0) return;
    if (!isRemoved && others.length >= MOST_RESULTS) return;
    this.evaluated = isRemoved ? others : [...others, run];
    this.selected = 0;
    void this.evaluate();
  }

  compareWith(side: Side): void {
    this.against = side;
    this.selected = 0;
    // A run with itself says nothing.
    const others = this.evaluated.filter((run) => !isSameSide(side, { kind: "run", run }));
    const other = this.judged.filter((run) => !isSameSide(side, { kind: "run", run }));
    this.evaluated = others.length > 0 ? others : other.slice(0, 1);
    void this.evaluate();
  }

  setThreshold(threshold: number | null): void {
    this.threshold = threshold;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.evaluate(), REST_MILLIS);
  }

  /** Moves the threshold by hundredths, from the one that is used. */
  nudge(hundredths: number): void {
    const from = this.threshold ?? this.result?.threshold ?? 0;
    this.setThreshold(Math.min(1, Math.max(0, Math.round(from * 100 + hundredths) / 100)));
  }

  setOverlap(overlap: number): void {
    this.overlap = overlap;
    void this.evaluate();
  }

  select(index: number): void {
    if (this.report?.results[index]) this.selected = index;
  }

  /** Evaluates again what is chosen. */
  async evaluate(): Promise<void> {
    clearTimeout(this.#timer);
    const { against, evaluated, threshold, overlap } = this;
    this.#cancelTask();
    if (against === null || evaluated.length === 0) {
      this.report = null;
      this.unavailable = this.judged.length === 0 ? "no_runs" : "no_truth";
      this.isEvaluating = false;
      return;
    }
    this.isEvaluating = true;
    const task = Math.floor(Math.random() * 2 ** 31);
    this.#task = task;
    const request = {
      evaluated: evaluated.map((run): Side => ({ kind: "run", run })),
      against,
      options: { threshold, overlap, resamples: null },
    };
    try {
      const report = await this.#core.evaluate(task, request);
      if (this.#task !== task) return;
      this.report = report;
      this.unavailable = null;
    } catch (refusal) {
      if (this.#task !== task) return;
      this.report = null;
      const isEmpty =
        typeof refusal === "object" && refusal !== null && "code" in refusal && refusal.code === "nothing_to_evaluate";
      this.unavailable = isEmpty ? "nothing_in_common" : "failed";
      if (!isEmpty) this.#refused(refusal);
    }
    this.#task = null;
    this.isEvaluating = false;
    if (this.selected >= (this.report?.results.length ?? 0)) this.selected = 0;
  }

  /** Cancels what is going on: nothing shows it any more. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#cancelTask();
  }

  #cancelTask(): void {
    // If it cannot be cancelled, it ends by itself.
    if (this.#task !== null) void this.#core.cancelEvaluation(this.#task).catch(() => undefined);
    this.#task = null;
  }

  async #attempt<Answer>(action: () => Promise<Answer>): Promise<Answer | undefined> {
    try {
      return await action();
    } catch (refusal) {
      this.#refused(refusal);
      return undefined;
    }
  }
}
