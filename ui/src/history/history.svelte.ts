/** Past runs and the report of the selected one. */
import type {
  Notice,
  ReportLanguage,
  ResumeRequest,
  RunDescription,
  RunId,
  RunProgress,
  RunReport,
  RunSeries,
  RunSummary,
} from "../api/bindings";
import type { Core } from "../api/core";
import { sorted, type Sorting } from "../components/sorting";
import { download } from "../state/saving";
import { filtered, NO_FILTERS, type RunColumn, type RunFilters, sortValue } from "./runList";

export type HistoryCore = Pick<
  Core,
  | "runs"
  | "runReport"
  | "undoRun"
  | "saveMetrics"
  | "resumeRun"
  | "watchRun"
  | "describeRun"
  | "runSeries"
  | "browser"
  | "saveReport"
  | "readyReport"
>;

/** More lines in a chart are not told apart. */
export const MOST_BESIDE = 4;

/** How often the figures are refreshed while something changes. */
const REFRESH_MILLIS = 1000;

export class History {
  readonly #core: HistoryCore;
  readonly #refused: (refusal: unknown) => void;

  /** Newest first. */
  runs = $state.raw<RunSummary[]>([]);
  isLoaded = $state(false);
  filters = $state.raw<RunFilters>(NO_FILTERS);
  sorting = $state.raw<Sorting<RunColumn>>({ column: "started", direction: "descending" });
  /** The runs that the table lists, in its order. */
  readonly listed = $derived(sorted(filtered(this.runs, this.filters), this.sorting, sortValue));
  /** Runs that are marked to be shown beside each other, in the order of the letters. */
  beside = $state.raw<readonly RunId[]>([]);
  /** Of the runs of `beside`, once there are two. */
  series = $state.raw<readonly RunSeries[]>([]);
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
      await this.#readSeries();
    });
    this.isLoaded = true;
  }

  narrow(to: Partial<RunFilters>): void {
    this.filters = { ...this.filters, ...to };
  }

  /** Marks a run to be shown beside others, or no longer. */
  async toggleBeside(run: RunId): Promise<void> {
    const others = this.beside.filter((each) => each !== run);
    if (others.length < this.beside.length) this.beside = others;
    else if (this.beside.length < MOST_BESIDE) this.beside = [...this.beside, run];
    await this.#attempt(() => this.#readSeries());
  }

  stopBeside(): void {
    this.beside = [];
    this.series = [];
  }

  async #readSeries(): Promise<void> {
    const { beside } = this;
    const series = beside.length < 2 ? [] : await this.#core.runSeries([...beside]);
    if (beside === this.beside) this.series = series;
  }

  /** Returns the name and tags that the run has now; undefined if it failed. */
  async describe(run: RunId, description: RunDescription): Promise<RunDescription | undefined> {
    const described = await this.#attempt(() => this.#core.describeRun(run, description));
    if (described) await this.load();
    return described;
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
    const { listed } = this;
    const place = listed.findIndex((run) => run.id === this.selected);
    const next = listed[Math.min(listed.length - 1, Math.max(0, place + step))];
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

  /** Saves the page of the selected run. Returns its path; null in a browser, which downloads it, or if cancelled or failed. */
  async savePage(language: ReportLanguage, notices: Notice[]): Promise<string | null> {
    const run = this.selected;
    if (run === null) return null;
    const { browser } = this.#core;
    if (browser === null) return (await this.#attempt(() => this.#core.saveReport(run, language, notices))) ?? null;
    const name = await this.#attempt(() => this.#core.readyReport(run, language, notices));
    if (name !== undefined) download(browser.exported(name), name);
    return null;
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
