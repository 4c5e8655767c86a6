/** Folders that come in, one after the other, a little at a time. */
import type { ImportProgress, SkippedFile } from "../bindings";
import type { FakeLibrary } from "./library";

const STEP_MILLIS = 40;
const STEPS = 20;

export class FakeImporting {
  readonly #library: FakeLibrary;
  readonly #tell: (progress: ImportProgress) => void;
  #isImporting = false;
  #mustCancel = false;
  readonly #waiting: (() => void)[] = [];

  /** `tell` hears of every step, when the library has it. */
  constructor(library: FakeLibrary, tell: (progress: ImportProgress) => void) {
    this.#library = library;
    this.#tell = tell;
  }

  cancel(): void {
    this.#mustCancel = true;
  }

  begin(name: string, images: number, skipped: SkippedFile[]): void {
    if (this.#isImporting) {
      // As in the core, imports take turns.
      this.#waiting.push(() => this.begin(name, images, skipped));
      return;
    }
    this.#isImporting = true;
    this.#mustCancel = false;
    const isKnown = this.#library.has(name);
    let seen = 0;
    const step = Math.max(1, Math.ceil(images / STEPS));
    const timer = setInterval(() => {
      if (!this.#mustCancel) {
        const more = Math.min(step, images - seen);
        if (!isKnown && seen === 0) this.#library.addFolder(name, more, false);
        else if (!isKnown) this.#library.grow(more);
        seen += more;
      }
      const isFinished = this.#mustCancel || seen === images;
      if (isFinished) {
        clearInterval(timer);
        this.#isImporting = false;
        if (seen === images && !isKnown) this.#library.grow(0, skipped);
      }
      this.#tell({
        found: images + skipped.length,
        added: isKnown ? 0 : seen,
        known: isKnown ? seen : 0,
        skipped: seen === images ? skipped.length : 0,
        leftovers: 0,
        is_scanned: true,
        is_finished: isFinished,
        is_cancelled: this.#mustCancel,
      });
      if (isFinished) this.#waiting.shift()?.();
    }, STEP_MILLIS);
  }
}
