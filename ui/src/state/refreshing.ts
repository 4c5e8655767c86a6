/** Debounced and throttled reload of data that changes elsewhere. */
export class Refreshing {
  readonly #read: () => Promise<void>;
  readonly #milliseconds: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isReading = false;
  /** Something changed since reading began. */
  #isStale = false;

  constructor(milliseconds: number, read: () => Promise<void>) {
    this.#milliseconds = milliseconds;
    this.#read = read;
  }

  soon(): void {
    if (this.#isReading) {
      this.#isStale = true;
      return;
    }
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#refresh();
    }, this.#milliseconds);
  }

  /** Stops reloading. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isStale = false;
  }

  async #refresh(): Promise<void> {
    this.#isReading = true;
    try {
      await this.#read();
    } finally {
      this.#isReading = false;
      if (this.#isStale) {
        this.#isStale = false;
        this.soon();
      }
    }
  }
}
