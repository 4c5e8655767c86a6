/** Which keys do what here: a preset, and what the person has bound otherwise. It is kept. */
import { keep, recall } from "../kept";
import type { Chord } from "./chords";
import { type Bindings, PRESET_NAMES, presetBindings, type PresetName } from "./presets";
import { ACTION_IDS, type ActionId, entryOf, isAction, placeOf } from "./table";

/** Two actions that one chord would do at the same time. The first of them has it until that is settled. */
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
  /** Beside the preset. Replaced whole. */
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

  /** What a chord may do, in the order of the table. */
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

  /** One key for an action, in place of those it had. */
  bind(id: ActionId, chord: Chord): void {
    this.#change({ ...this.changes, [id]: [chord] });
  }

  /** Takes a key away from an action. */
  release(id: ActionId, chord: Chord): void {
    this.#change({ ...this.changes, [id]: this.keysOf(id).filter((key) => key !== chord) });
  }

  /** Gives an action the keys of the preset again. */
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

/** Whether both can be meant on one screen. Two ways of the platform are told apart by the platform. */
function mayMeet(one: ActionId, other: ActionId): boolean {
  if (entryOf(one).isFixed && entryOf(other).isFixed) return false;
  const [oneWhen, otherWhen] = [entryOf(one).when, entryOf(other).when];
  const isDrawing = oneWhen === "drawing" || otherWhen === "drawing";
  if (oneWhen !== otherWhen && (isDrawing || (oneWhen && otherWhen))) return false;
  const places = [placeOf(one), placeOf(other)];
  return places[0] === places[1] || places.includes("everywhere");
}

/** Arrows and digits are several keys that are told as one. */
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
