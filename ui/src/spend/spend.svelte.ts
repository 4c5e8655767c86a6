/** What was spent, as far as the filters of the screen admit it. */
import type { SpendFilter, SpendKey, SpendReport } from "../api/bindings";
import type { Core } from "../api/core";
import { Refreshing } from "../state/refreshing";

export type SpendCore = Pick<Core, "spendReport" | "spendCsv">;
/** What the bars of a month are split by. */
export type Split = Exclude<SpendKey, "month">;

export const SPLITS: readonly Split[] = ["model", "recipe", "collection"];
/** In months, up to the current one. */
export const PERIODS: readonly number[] = [1, 3, 6, 12, 24];
const REFRESH_MILLIS = 1000;

/** The month that is so many months before `day`, such as `2026-01`. */
export function monthBefore(day: Date, months: number): string {
  const first = new Date(day.getFullYear(), day.getMonth() - months, 1);
  return `${first.getFullYear()}-${String(first.getMonth() + 1).padStart(2, "0")}`;
}

export class Spend {
  readonly #core: SpendCore;
  readonly #refused: (refusal: unknown) => void;
  readonly #refreshing = new Refreshing(REFRESH_MILLIS, () => this.#read());

  /** Null until the core has answered. */
  report = $state.raw<SpendReport | null>(null);
  /** Null for all time. */
  months = $state<number | null>(12);
  model = $state<string | null>(null);
  recipe = $state<string | null>(null);
  collection = $state<string | null>(null);
  split = $state<Split>("model");

  constructor(core: SpendCore, refused: (refusal: unknown) => void) {
    this.#core = core;
    this.#refused = refused;
  }

  get filter(): SpendFilter {
    const { model, recipe, collection, months } = this;
    return { from: months === null ? null : monthBefore(new Date(), months - 1), model, recipe, collection };
  }

  load(): Promise<void> {
    return this.#refreshing.now();
  }

  refreshSoon(): void {
    this.#refreshing.soon();
  }

  /** Sets filters and reads the figures anew. */
  narrow(to: Partial<Pick<Spend, "months" | "model" | "recipe" | "collection">>): Promise<void> {
    Object.assign(this, to);
    return this.load();
  }

  /** The rows as CSV; undefined if it failed. */
  async csv(keys: SpendKey[]): Promise<string | undefined> {
    try {
      return await this.#core.spendCsv(keys, this.filter);
    } catch (refusal) {
      this.#refused(refusal);
      return undefined;
    }
  }

  stop(): void {
    this.#refreshing.stop();
  }

  async #read(): Promise<void> {
    const { filter } = this;
    try {
      const report = await this.#core.spendReport(filter);
      // Another filter may be set by now.
      if (JSON.stringify(filter) === JSON.stringify(this.filter)) this.report = report;
    } catch (refusal) {
      this.#refused(refusal);
    }
  }
}
