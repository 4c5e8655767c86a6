/** What was spent this month over all runs, and the cap on it. */
import type { MonthSpending } from "../api/bindings";
import type { Core } from "../api/core";
import { Refreshing } from "./refreshing";

/** During runs the library changes constantly. */
const RELOAD_INTERVAL_MILLIS = 1000;

export class MonthState {
  /** Null until the core has answered. */
  current = $state.raw<MonthSpending | null>(null);

  readonly #core: Core;
  readonly #refreshing = new Refreshing(RELOAD_INTERVAL_MILLIS, () => this.#read());

  constructor(core: Core) {
    this.#core = core;
  }

  /** Reloads soon. */
  refreshSoon(): void {
    this.#refreshing.soon();
  }

  load(): Promise<void> {
    return this.#refreshing.now();
  }

  stop(): void {
    this.#refreshing.stop();
  }

  /** It is only shown beside other things, so a failure keeps what was known. */
  async #read(): Promise<void> {
    try {
      this.current = await this.#core.monthSpending();
    } catch (refused) {
      console.warn(refused);
    }
  }
}
