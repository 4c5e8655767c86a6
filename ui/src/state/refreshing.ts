/** Reloads data that changes elsewhere: at most once per interval, never twice at a time. */
export class Refreshing {
  readonly #read: () => Promise<void>;
  readonly #milliseconds: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #reading: Promise<void> | null = null;
  /** What `now` waits for when it is called while reading. */
  #next: Promise<void> | null = null;
  #readAt = Number.NEGATIVE_INFINITY;
  /** Something changed since reading began. */
  #isStale = false;

  constructor(milliseconds: number, read: () => Promise<void>) {
    this.#milliseconds = milliseconds;
    this.#read = read;
  }

  /** Reloads when the interval since the last reload is over. */
  soon(): void {
    if (this.#reading) {
      this.#isStale = true;
      return;
    }
    const wait = Math.max(0, this.#readAt + this.#milliseconds - Date.now());
    this.#timer ??= setTimeout(() => {
      // The next change reloads again.
      this.now().catch((error: unknown) => console.warn("not reloaded:", error));
    }, wait);
  }

  /** Reloads at once, or again if a reload is under way. */
  now(): Promise<void> {
    if (this.#reading) {
      this.#next ??= this.#reading.then(() => {
        this.#next = null;
        return this.now();
      });
      return this.#next;
    }
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#readAt = Date.now();
    this.#reading = this.#read().finally(() => {
      this.#reading = null;
      if (this.#isStale) {
        this.#isStale = false;
        this.soon();
      }
    });
    return this.#reading;
  }

  /** Stops reloading. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isStale = false;
  }
}
