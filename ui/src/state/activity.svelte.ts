/** The runs that are active, whatever screen is shown. */
import type { WorkingRun } from "../api/bindings";
import type { BatchNotices } from "./batchNotices.svelte";
import type { Notices } from "./notices.svelte";

export class Activity {
  runs = $state.raw<WorkingRun[]>([]);

  readonly #notices: Notices;
  readonly #batchNotices: BatchNotices;

  constructor(notices: Notices, batchNotices: BatchNotices) {
    this.#notices = notices;
    this.#batchNotices = batchNotices;
  }

  /** Servers that images are being sent to now. */
  get sendingTo(): string[] {
    return this.runs.flatMap(({ destination }) => (destination.kind === "host" ? [destination.name] : []));
  }

  changed(runs: WorkingRun[]): void {
    const before = this.runs.map(({ run }) => run).join();
    this.runs = runs;
    // A run started or ended.
    if (runs.map(({ run }) => run).join() !== before) void this.#notices.attempt(() => this.#batchNotices.load());
  }
}
