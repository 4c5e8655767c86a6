/** Past runs and the report of the selected one. */
import type { ResumeRequest, RunId, RunProgress, RunReport, RunSummary } from "../api/bindings";
import type { Core } from "../api/core";

export type HistoryCore = Pick<Core, "runs" | "runReport" | "undoRun" | "saveMetrics" | "resumeRun" | "watchRun">;

/** How often the figures are refreshed while something changes. */
const REFRESH_MILLIS = 1000;

export class History {
  readonly #core: HistoryCore;
  readonly #refused: (refusal: unknown) => void;

  /** Newest first. */
  runs = $state.raw<RunSummary[]>([]);
  isLoaded = $state(false);
  selected = $state<RunId | null>(null);
  report = $state.raw<RunReport | null>(null);
  /** Of the selected run; has its rate over time. */
  progress = $state.raw<RunProgress | null>(null);

  #stopWatching: (() => void) | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(core: HistoryCore, refused: (refusal: unknown) => void) {
    this.#core = core;
    this.#refused = refused;
  }

  /** Loads the runs, and selects the requested one, the previous one, or the newest. */
  async load(wanted: RunId | null = null): Promise<void> {
    await this.#attempt(async () => {
      this.runs = await this.#core.runs();
      const candidates = [wanted, this.selected, this.runs[0]?.id ?? null];
      const chosen = candidates.find((id) => id !== null && this.runs.some((run) => run.id === id)) ?? null;
      await this.select(chosen, true);
    });
    this.isLoaded = true;
  }

  async select(run: RunId | null, isReread = false): Promise<void> {
    if (run === this.selected && !isReread) return;
    if (run !== this.selected) this.#leave();
    this.selected = run;
    if (run === null) {
      this.report = null;
      return;
    }
    await this.#attempt(async () => {
      const report = await this.#core.runReport(run);
      // With a held arrow key, another run may be selected by now.
      if (this.selected !== run) return;
      this.report = report;
      if (this.#stopWatching === null) await this.#watch(run);
    });
  }

  async #watch(run: RunId): Promise<void> {
    const stop = await this.#core.watchRun(run, (progress) => {
      if (this.selected === run) this.progress = progress;
    });
    if (this.selected === run && this.#stopWatching === null) this.#stopWatching = stop;
    else stop();
  }

  #leave(): void {
    this.#stopWatching?.();
    this.#stopWatching = null;
    this.progress = null;
  }

  /** Selects the next or previous run. */
  async move(step: 1 | -1): Promise<void> {
    const place = this.runs.findIndex((run) => run.id === this.selected);
    const next = this.runs[Math.min(this.runs.length - 1, Math.max(0, place + step))];
    if (next) await this.select(next.id);
  }

  /** Removes the undecided proposals of the selected run; returns how many, or null if it failed. */
  async undo(): Promise<number | null> {
    const run = this.selected;
    if (run === null) return null;
    const taken = await this.#attempt(() => this.#core.undoRun(run));
    await this.load();
    return taken ?? null;
  }

  /** Returns the path; null if cancelled or failed. */
  async saveMetrics(): Promise<string | null> {
    const run = this.selected;
    return run === null ? null : ((await this.#attempt(() => this.#core.saveMetrics(run))) ?? null);
  }

  /** Returns whether it resumed. */
  async resume(request: ResumeRequest): Promise<boolean> {
    return (await this.#attempt(() => this.#core.resumeRun(request).then(() => true))) ?? false;
  }

  /** Figures may have changed: refreshes them, throttled. */
  refreshSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.load();
    }, REFRESH_MILLIS);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#leave();
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
