/** Autocompletion of the word at the cursor of the search field. */
import type { Completion, Suggestion } from "../api/bindings";
import type { Core } from "../api/core";

export class Completing {
  suggestions = $state.raw<Suggestion[]>([]);
  /** Index in `suggestions`; -1 if none is active, so that Enter goes to the field. */
  active = $state(-1);
  isOpen = $state(false);

  readonly #core: Pick<Core, "completeQuery">;
  #place: Pick<Completion, "from" | "to"> = { from: 0, to: 0 };
  #latest = 0;
  #pending: Promise<void> | null = null;

  constructor(core: Pick<Core, "completeQuery">) {
    this.#core = core;
  }

  /** Resolves when the suggestions belong to the latest text; null if they do already. */
  get pending(): Promise<void> | null {
    return this.#pending;
  }

  /** `cursor` counts UTF-16 code units. */
  async ask(text: string, cursor: number): Promise<void> {
    const pending = this.#read(text, cursor);
    this.#pending = pending;
    await pending;
    if (this.#pending === pending) this.#pending = null;
  }

  async #read(text: string, cursor: number): Promise<void> {
    const wish = ++this.#latest;
    const completion = await this.#core.completeQuery(text, charactersIn(text.slice(0, cursor))).catch(() => null);
    if (wish !== this.#latest || !completion) return;
    const typed = charactersOf(text, completion.from, completion.to);
    // Do not suggest what is already typed.
    this.suggestions = completion.suggestions.filter((suggestion) => suggestion.text !== typed);
    this.#place = completion;
    this.active = -1;
    this.isOpen = this.suggestions.length > 0;
  }

  move(by: 1 | -1): void {
    const count = this.suggestions.length;
    this.active = this.active < 0 ? (by > 0 ? 0 : count - 1) : (this.active + by + count) % count;
  }

  /** The text with the suggestion inserted, and the new cursor. */
  take(text: string, place: number): { text: string; cursor: number } {
    const suggestion = this.suggestions[place];
    if (!suggestion) return { text, cursor: text.length };
    const { from, to } = this.#place;
    const rest = charactersOf(text, to, Infinity);
    // After a key the value follows directly; after a value, a space.
    const end = suggestion.kind.kind === "key" || rest.startsWith(" ") ? "" : " ";
    const head = charactersOf(text, 0, from) + suggestion.text + end;
    return { text: head + rest, cursor: head.length };
  }

  close(): void {
    this.#latest += 1;
    this.isOpen = false;
    this.active = -1;
  }
}

/** Converts UTF-16 code units to characters, as the core counts them. */
function charactersIn(text: string): number {
  return [...text].length;
}

export function charactersOf(text: string, from: number, to: number): string {
  return [...text].slice(from, to).join("");
}
