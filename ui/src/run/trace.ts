/** What the window has seen of a run while it showed it: figures that the core does not store over time. */
import type { Dollars, RunId, RunProgress } from "../api/bindings";

export interface RunSample {
  /** Active time of the run. */
  elapsedMillis: number;
  /** Images done or failed. */
  finished: number;
  /** Null if the server has not reported it. */
  spent: Dollars | null;
  /** Null unless the run is active: afterwards it is the highest number reached. */
  concurrency: number | null;
  /** Whether it is the first one since the run is shown again. */
  isFirst: boolean;
}

const MAX_SAMPLES = 400;
/** Least time between samples at first; doubles whenever there are too many. */
const FIRST_GAP_MILLIS = 500;

/** Samples of one run, thinned as it goes on. */
export class RunTrace {
  #samples: RunSample[] = [];
  #gapMillis = FIRST_GAP_MILLIS;
  #isFirst = true;

  /** Ascending by time. */
  get samples(): readonly RunSample[] {
    return this.#samples;
  }

  /** The run was not watched until now. */
  begin(): void {
    this.#isFirst = true;
  }

  add(progress: RunProgress): void {
    const isActive = progress.state.kind === "running" || progress.state.kind === "stopping";
    const sample: RunSample = {
      elapsedMillis: progress.elapsed_millis,
      finished: progress.done + progress.failed,
      spent: progress.spent_dollars > 0 || progress.possibly_billed.count === 0 ? progress.spent_dollars : null,
      concurrency: isActive ? progress.concurrency : null,
      isFirst: this.#isFirst,
    };
    const before = this.#samples.at(-2);
    const latest = this.#samples.at(-1);
    // The latest sample is replaced until it is far enough from the one before it.
    const isClose = before !== undefined && latest !== undefined && !sample.isFirst && !latest.isFirst;
    if (isClose && latest.elapsedMillis - before.elapsedMillis < this.#gapMillis) this.#samples.pop();
    this.#samples = [...this.#samples, sample];
    this.#isFirst = false;
    if (this.#samples.length > MAX_SAMPLES) this.#thin();
  }

  #thin(): void {
    this.#gapMillis *= 2;
    const last = this.#samples.length - 1;
    this.#samples = this.#samples.filter(({ isFirst }, place) => isFirst || place === last || place % 2 === 0);
  }
}

/** The traces of all runs that were shown; a screen that is opened again continues its trace. */
export class RunTraces {
  readonly #traces = new Map<RunId, RunTrace>();

  /** The trace of a run that is shown from now on. */
  begin(run: RunId): RunTrace {
    const trace = this.#traces.get(run) ?? new RunTrace();
    this.#traces.set(run, trace);
    trace.begin();
    return trace;
  }
}
