/** The keymap: a preset and the user's changes, remembered. */
import { keep, recall } from "../kept";
import type { Chord } from "./chords";
import { type Bindings, PRESET_NAMES, presetBindings, type PresetName } from "./presets";
import { ACTION_IDS, type ActionId, entryOf, isAction, placeOf } from "./table";

/** Two actions on the same chord. The first one wins until it is resolved. */
export interface Conflict {
  chord: Chord;
  first: ActionId;
  second: ActionId;
}

interface KeptKeyboard {
  preset: PresetName;
  changes: Bindings;
}

export class Keymap {
  preset = $state<PresetName>("fieldmark");
  /** Changes to the preset. Replaced as a whole. */
  changes = $state.raw<Bindings>({});

  readonly #actions = $derived(this.#byChord());
  readonly conflicts = $derived(this.#conflicts());

  constructor() {
    const kept = recall("keyboard", isKeyboard);
    if (kept) {
      this.preset = kept.preset;
      this.changes = kept.changes;
    }
  }

  keysOf(id: ActionId): readonly Chord[] {
    return this.changes[id] ?? presetBindings(this.preset)[id] ?? entryOf(id).keys;
  }

  /** Actions of a chord, in the order of the table. */
  actionsOf(chord: Chord): readonly ActionId[] {
    return this.#actions.get(chord) ?? [];
  }

  conflictsOf(id: ActionId): Conflict[] {
    return this.conflicts.filter(({ first, second }) => first === id || second === id);
  }

  isChanged(id: ActionId): boolean {
    return this.changes[id] !== undefined;
  }

  get hasChanges(): boolean {
    return Object.keys(this.changes).length > 0;
  }

  /** Binds an action to one chord, replacing its others. */
  bind(id: ActionId, chord: Chord): void {
    this.#change({ ...this.changes, [id]: [chord] });
  }

  /** Removes a chord from an action. */
  release(id: ActionId, chord: Chord): void {
    this.#change({ ...this.changes, [id]: this.keysOf(id).filter((key) => key !== chord) });
  }

  /** Restores the preset's chords of an action. */
  reset(id: ActionId): void {
    const { [id]: _taken, ...others } = this.changes;
    this.#change(others);
  }

  resetAll(): void {
    this.#change({});
  }

  choose(preset: PresetName): void {
    this.preset = preset;
    this.#change({});
  }

  #change(changes: Bindings): void {
    this.changes = changes;
    keep("keyboard", { preset: this.preset, changes } satisfies KeptKeyboard);
  }

  #byChord(): ReadonlyMap<Chord, ActionId[]> {
    const actions = new Map<Chord, ActionId[]>();
    for (const id of ACTION_IDS) {
      for (const chord of this.keysOf(id).flatMap(eachOf)) actions.set(chord, [...(actions.get(chord) ?? []), id]);
    }
    return actions;
  }

  #conflicts(): Conflict[] {
    return [...this.#actions].flatMap(([chord, ids]) =>
      ids.flatMap((first, place) =>
        ids
          .slice(place + 1)
          .filter((second) => mayMeet(first, second))
          .map((second) => ({ chord, first, second })),
      ),
    );
  }
}

/** Whether both can be active on one screen. Two fixed keys of the platform never conflict. */
function mayMeet(one: ActionId, other: ActionId): boolean {
  if (entryOf(one).isFixed && entryOf(other).isFixed) return false;
  const [oneWhen, otherWhen] = [entryOf(one).when, entryOf(other).when];
  const isDrawing = oneWhen === "drawing" || otherWhen === "drawing";
  if (oneWhen !== otherWhen && (isDrawing || (oneWhen && otherWhen))) return false;
  const places = [placeOf(one), placeOf(other)];
  return places[0] === places[1] || places.includes("everywhere");
}

/** "Arrows" and digit ranges stand for several keys. */
function eachOf(chord: Chord): Chord[] {
  const [, first, last] = /^(\d)–(\d)$/u.exec(chord) ?? [];
  if (first && last)
    return Array.from({ length: Number(last) - Number(first) + 1 }, (_, place) => String(Number(first) + place));
  if (!chord.endsWith("Arrows")) return [chord];
  return ["Left", "Right", "Up", "Down"].map((way) => chord.replace("Arrows", `Arrow${way}`));
}

function isKeyboard(value: unknown): value is KeptKeyboard {
  if (typeof value !== "object" || value === null) return false;
  const { preset, changes } = value as Partial<Record<keyof KeptKeyboard, unknown>>;
  if (!PRESET_NAMES.some((name) => name === preset) || typeof changes !== "object" || changes === null) return false;
  return Object.entries(changes).every(
    ([id, keys]) => isAction(id) && Array.isArray(keys) && keys.every((key) => typeof key === "string"),
  );
}
