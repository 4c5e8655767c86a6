/**
 * Overnight runs that have ended since somebody last looked: what the morning begins with. Results are only fetched while
 * the window is open, so a run that ends was seen at work here before; nothing needs to be kept on disk for that.
 */
import type { RunId, RunState, RunSummary } from "../ipc/bindings";
import type { Seam } from "../ipc/seam";

export interface Night {
  run: RunSummary;
  /** From its start until the window saw its end. */
  tookMillis: number;
}

export class Nights {
  readonly #seam: Pick<Seam, "runs">;

  /** Ended, and not put away yet; the latest first. */
  ended = $state.raw<Night[]>([]);

  readonly #open = new Set<RunId>();

  constructor(seam: Pick<Seam, "runs">) {
    this.#seam = seam;
  }

  /** Reads the runs again: on opening the window, and whenever a run has ended. */
  async look(now = Date.now()): Promise<void> {
    for (const run of await this.#seam.runs()) {
      if (run.mode !== "batch") continue;
      if (!hasEnded(run.state)) this.#open.add(run.id);
      else if (this.#open.delete(run.id))
        this.ended = [
          { run, tookMillis: now - run.started_at },
          ...this.ended.filter((night) => night.run.id !== run.id),
        ];
    }
  }

  putAway(run: RunId): void {
    this.ended = this.ended.filter((night) => night.run.id !== run);
  }
}

/** Whether it is through. One that a person has paused or cancelled is no news to them. */
function hasEnded(state: RunState): boolean {
  return state.kind === "stopped" && !["paused", "shutdown", "cancelled"].includes(state.reason);
}
