/** Diagnostics, and errors of the window's own code. */
import { copyText } from "../components/clipboard";
import { words } from "../messages";
import type { App } from "./app.svelte";
import { isConnectionError } from "./notices.svelte";

/** Errors that are logged by one window: an error that repeats itself must not fill the log. */
const MAX_LOGGED = 50;
/** Characters of an error that are logged. */
const MAX_CHARACTERS = 4000;

export class Support {
  isOpen = $state(false);
  /** What is copied; null until it is collected. */
  text = $state.raw<string | null>(null);

  readonly #app: App;
  #logged = 0;

  constructor(app: App) {
    this.#app = app;
  }

  async open(): Promise<void> {
    this.isOpen = true;
    this.text = null;
    const text = await this.#app.notices.attempt(() => this.#app.core.diagnostics(navigator.userAgent));
    if (text === undefined) this.isOpen = false;
    else this.text = text;
  }

  close(): void {
    this.isOpen = false;
  }

  async copy(): Promise<void> {
    const { support: said } = words;
    try {
      await copyText(this.text ?? "");
      this.#app.notices.show(said.copied, "good");
    } catch {
      this.#app.notices.show(said.notCopied, "bad");
    }
  }

  tellUnexpectedEnd(): void {
    const { support: said } = words;
    this.#app.notices.show(said.endedUnexpectedly, "bad", { label: said.show, do: () => void this.open() });
  }

  /** Shows and logs an error that nothing else has handled. */
  failed(error: unknown): void {
    // A layout that is observed and changes again is no failure, and has no error.
    if (error === undefined || error === null || isConnectionError(error)) return;
    this.log(error);
    const { support: said } = words;
    this.#app.notices.show(said.windowError, "bad", { label: said.reload, do: () => window.location.reload() });
  }

  log(error: unknown): void {
    if (this.#logged >= MAX_LOGGED) return;
    this.#logged += 1;
    const { message, stack = "" } = error instanceof Error ? error : { message: JSON.stringify(error) };
    // The core may be what has failed.
    this.#app.core
      .logWindowError(message.slice(0, MAX_CHARACTERS), stack.slice(0, MAX_CHARACTERS))
      .catch((unlogged: unknown) => console.warn(unlogged));
  }
}
