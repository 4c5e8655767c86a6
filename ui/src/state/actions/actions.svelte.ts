/**
 * What can be done now. Screens offer the actions that are theirs while they show; keys, the command palette and the
 * status bar all ask here.
 */
import { untrack } from "svelte";

import { belongsToControl, type Chord, chordOf } from "./chords";
import { Keymap } from "./keymap.svelte";
import { ACTION_IDS, type ActionId, entryOf } from "./table";

export interface Deed {
  /** `chord` is what was pressed; null when the action was chosen by name. */
  do: (chord: Chord | null) => void;
  /** Whether it can be done now; without this it always can. */
  can?: () => boolean;
  /** What the status bar says that it does now, where that changes; null says nothing, and without this the catalogue does. */
  hint?: () => string | null;
}

export type Deeds = Partial<Record<ActionId, Deed | (() => void)>>;

export class Actions {
  readonly keymap = new Keymap();
  #deeds = $state.raw<ReadonlyMap<ActionId, Deed>>(new Map());

  /** Offers actions; returns the way to take them back. */
  offer(offered: Deeds): () => void {
    return untrack(() => {
      const deeds = Object.entries(offered).map(
        ([id, deed]) => [id as ActionId, typeof deed === "function" ? { do: deed } : deed] as const,
      );
      this.#deeds = new Map([...this.#deeds, ...deeds]);
      // The next screen may have offered the same ones before this one goes.
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

  /** What the status bar says that it does now; undefined where the catalogue says it. */
  hint(id: ActionId): string | null | undefined {
    return this.#deeds.get(id)?.hint?.();
  }

  do(id: ActionId, chord: Chord | null = null): void {
    if (this.can(id)) this.#deeds.get(id)?.do(chord);
  }

  /** Those that can be done by name, in the order of the table. */
  get byName(): ActionId[] {
    return ACTION_IDS.filter((id) => !entryOf(id).isHidden && this.can(id));
  }

  /** Does what the keys say; false when they say nothing here. */
  press(event: KeyboardEvent): boolean {
    const chord = chordOf(event);
    if (chord === null || belongsToControl(chord, event.target)) return false;
    const id = this.keymap.actionsOf(chord).find((each) => this.can(each));
    if (id === undefined) return false;
    // A key that is held down must not decide a hundred images.
    if (!event.repeat || entryOf(id).repeats) this.do(id, chord);
    return true;
  }
}
