/** Review speed, from this session's decisions. */

/** Longer gaps count as breaks. */
const BREAK_MILLIS = 60_000;
/** Only recent images count, because speed and difficulty change. */
const REMEMBERED = 40;
/** Fewest decisions for an estimate. */
const MIN_DECISIONS = 3;

export class Pace {
  #since: number | null = null;
  #durations: number[] = [];

  begin(now: number): void {
    this.#since ??= now;
  }

  decided(now: number): void {
    const took = this.#since === null ? Infinity : now - this.#since;
    this.#since = now;
    if (took > BREAK_MILLIS) return;
    this.#durations.push(took);
    if (this.#durations.length > REMEMBERED) this.#durations.shift();
  }

  /** Null until there are enough decisions. */
  get millisPerImage(): number | null {
    if (this.#durations.length < MIN_DECISIONS) return null;
    return this.#durations.reduce((sum, took) => sum + took, 0) / this.#durations.length;
  }
}
