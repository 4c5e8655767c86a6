/** How fast a person reviews, from this session's decisions alone. */

/** A longer silence than this was a break, not a hard image. */
const BREAK_MILLIS = 60_000;
/** Only the latest images count: one gets faster, and the pile changes. */
const REMEMBERED = 40;
/** Fewer say nothing. */
const FEWEST = 3;

export class Pace {
  #since: number | null = null;
  #durations: number[] = [];

  /** The first image is in front of the person. */
  begin(now: number): void {
    this.#since ??= now;
  }

  /** An image was decided. */
  decided(now: number): void {
    const took = this.#since === null ? Infinity : now - this.#since;
    this.#since = now;
    if (took > BREAK_MILLIS) return;
    this.#durations.push(took);
    if (this.#durations.length > REMEMBERED) this.#durations.shift();
  }

  /** Milliseconds an image; null until there is something to go by. */
  get millisPerImage(): number | null {
    if (this.#durations.length < FEWEST) return null;
    return this.#durations.reduce((sum, took) => sum + took, 0) / this.#durations.length;
  }
}
