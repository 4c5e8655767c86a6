/**
 * Batch runs that ended since the user last looked. Results are fetched only while the window is open, so an ending run
 * was seen active before and nothing needs to be stored.
 */
import type { RunId, RunState, RunSummary } from "../api/bindings";
import type { Core } from "../api/core";

export interface BatchNotice {
  run: RunSummary;
  /** From its start until the window saw its end. */
  tookMillis: number;
}

export class BatchNotices {
  readonly #core: Pick<Core, "runs">;

  /** Ended and not dismissed; latest first. */
  ended = $state.raw<BatchNotice[]>([]);

  readonly #open = new Set<RunId>();

  constructor(core: Pick<Core, "runs">) {
    this.#core = core;
  }

  /** Reloads the runs: when the window opens, and whenever a run ends. */
  async load(now = Date.now()): Promise<void> {
    for (const run of await this.#core.runs()) {
      if (run.mode !== "batch") continue;
      if (!hasEnded(run.state)) this.#open.add(run.id);
      else if (this.#open.delete(run.id))
        this.ended = [
          { run, tookMillis: now - run.started_at },
          ...this.ended.filter((notice) => notice.run.id !== run.id),
        ];
    }
  }

  dismiss(run: RunId): void {
    this.ended = this.ended.filter((notice) => notice.run.id !== run);
  }
}

/** Whether it is over. Runs that the user paused or cancelled are no news. */
function hasEnded(state: RunState): boolean {
  return state.kind === "stopped" && !["paused", "shutdown", "cancelled"].includes(state.reason);
}
