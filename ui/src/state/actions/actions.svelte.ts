/**
 * Actions available now. Screens register theirs while they are shown; keys, the command palette and the status bar use
 * this registry.
 */
import { untrack } from "svelte";

import { belongsToControl, type Chord, chordOf } from "./chords";
import { Keymap } from "./keymap.svelte";
import { ACTION_IDS, type ActionId, entryOf } from "./table";

export interface Deed {
  /** `chord` is the pressed chord; null if the action was chosen by name. */
  do: (chord: Chord | null) => void;
  /** Whether it is enabled; defaults to always. */
  can?: () => boolean;
  /** A dynamic status bar hint; null hides it, and the catalogue's is the default. */
  hint?: () => string | null;
}

export type Deeds = Partial<Record<ActionId, Deed | (() => void)>>;

export class Actions {
  readonly keymap = new Keymap();
  #deeds = $state.raw<ReadonlyMap<ActionId, Deed>>(new Map());

  /** Registers actions; returns a function that removes them. */
  offer(offered: Deeds): () => void {
    return untrack(() => {
      const deeds = Object.entries(offered).map(
        ([id, deed]) => [id as ActionId, typeof deed === "function" ? { do: deed } : deed] as const,
      );
      this.#deeds = new Map([...this.#deeds, ...deeds]);
      // The next screen may have registered the same actions before this one is removed.
      return () => {
        const left = new Map(this.#deeds);
        for (const [id, deed] of deeds) if (left.get(id) === deed) left.delete(id);
        this.#deeds = left;
      };
    });
  }

  can(id: ActionId): boolean {
    const deed = this.#deeds.get(id);
    return deed !== undefined && (deed.can?.() ?? true);
  }

  /** The dynamic hint of an action; undefined if the catalogue's applies. */
  hint(id: ActionId): string | null | undefined {
    return this.#deeds.get(id)?.hint?.();
  }

  do(id: ActionId, chord: Chord | null = null): void {
    if (this.can(id)) this.#deeds.get(id)?.do(chord);
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
