/**
 * Actions available now. Screens register theirs while they are shown; keys, the command palette and the status bar use
 * this registry.
 */
import { untrack } from "svelte";

import { belongsToControl, type Chord, chordOf } from "./chords";
import { Keymap } from "./keymap.svelte";
import { ACTION_IDS, type ActionId, entryOf } from "./table";

export interface Command {
  /** `chord` is the pressed chord; null if the action was chosen by name. */
  do: (chord: Chord | null) => void;
  /** Whether it is enabled; defaults to always. */
  can?: () => boolean;
  /** A dynamic status bar hint; null hides it, and the catalogue's is the default. */
  hint?: () => string | null;
}

export type Commands = Partial<Record<ActionId, Command | (() => void)>>;

export class Actions {
  readonly keymap = new Keymap();
  /** Whether actions that change the library are unavailable. */
  isReadOnly = $state(false);
  /** The latest offer of an action counts: a screen replaces what the frame offers, until it is left. */
  #offers = $state.raw<readonly ReadonlyMap<ActionId, Command>[]>([]);

  /** Registers actions; returns a function that removes them. */
  offer(offered: Commands): () => void {
    return untrack(() => {
      const offer = new Map(
        Object.entries(offered).map(
          ([id, command]) => [id as ActionId, typeof command === "function" ? { do: command } : command] as const,
        ),
      );
      this.#offers = [...this.#offers, offer];
      return () => {
        this.#offers = this.#offers.filter((each) => each !== offer);
      };
    });
  }

  can(id: ActionId): boolean {
    const command = this.#commandOf(id);
    return command !== undefined && this.isAllowed(id) && (command.can?.() ?? true);
  }

  /** Whether the library may be changed as this action does. */
  isAllowed(id: ActionId): boolean {
    return !this.isReadOnly || !entryOf(id).changes;
  }

  /** The dynamic hint of an action; undefined if the catalogue's applies. */
  hint(id: ActionId): string | null | undefined {
    return this.#commandOf(id)?.hint?.();
  }

  do(id: ActionId, chord: Chord | null = null): void {
    if (this.can(id)) this.#commandOf(id)?.do(chord);
  }

  #commandOf(id: ActionId): Command | undefined {
    return this.#offers.findLast((offer) => offer.has(id))?.get(id);
  }

  /** Actions that can be invoked by name, in the order of the table. */
  get byName(): ActionId[] {
    return ACTION_IDS.filter((id) => !entryOf(id).isHidden && this.can(id));
  }

  /** Runs the action of a key event; returns whether there was one. */
  press(event: KeyboardEvent): boolean {
    const chord = chordOf(event);
    if (chord === null || belongsToControl(chord, event.target)) return false;
    const id = this.keymap.actionsOf(chord).find((each) => this.can(each));
    if (id === undefined) return false;
    // Key repeat must not decide a hundred images.
    if (!event.repeat || entryOf(id).repeats) this.do(id, chord);
    return true;
  }
}
