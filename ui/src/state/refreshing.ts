/** Reads again what has changed elsewhere: a little later, at most once in a while, and again when it changed meanwhile. */
export class Refreshing {
  readonly #read: () => Promise<void>;
  readonly #milliseconds: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isReading = false;
  /** Something has changed since reading began. */
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

  /** Nobody looks any more. */
  rest(): void {
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
