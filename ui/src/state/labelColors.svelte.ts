/** The colors of all labels on screen. */
import { type Chosen, chooseColors, NOTHING_CHOSEN, type PaletteColor, preferred } from "../components/labelColors";

type Place = "photos" | "lists";

export class LabelColors {
  #colors = $state.raw<ReadonlyMap<string, PaletteColor>>(new Map());
  #repeated = $state.raw<ReadonlySet<string>>(new Set());
  /** How many components show each label. */
  readonly #shown: Record<Place, Map<string, number>> = { photos: new Map(), lists: new Map() };
  #chosen: Chosen = NOTHING_CHOSEN;
  #isStale = false;

  /** Reactive to color changes. */
  readonly of = $derived.by(() => {
    const colors = this.#colors;
    return (label: string): PaletteColor =>
      colors.get(label) ?? this.#chosen.known.get(label) ?? preferred(label)[0] ?? 2;
  });

  /** Whether another label on screen has the same color; a list then shows a ring. */
  isRepeated(label: string): boolean {
    return this.#repeated.has(label);
  }

  /** Registers labels as shown; returns a function that unregisters them. */
  show(labels: Iterable<string>, place: Place): () => void {
    const shown = new Set(labels);
    this.#count(shown, place, 1);
    return () => this.#count(shown, place, -1);
  }

  #count(labels: ReadonlySet<string>, place: Place, change: 1 | -1): void {
    const counts = this.#shown[place];
    for (const label of labels) {
      const count = (counts.get(label) ?? 0) + change;
      if (count > 0) counts.set(label, count);
      else counts.delete(label);
      if (count === 0 || (count === 1 && change === 1)) this.#chooseSoon();
    }
  }

  /** Runs once before the next paint, however many components change together. */
  #chooseSoon(): void {
    if (this.#isStale) return;
    this.#isStale = true;
    queueMicrotask(() => {
      this.#isStale = false;
      const { photos, lists } = this.#shown;
      this.#chosen = chooseColors({ photos: photos.keys(), lists: lists.keys() }, this.#chosen);
      const { colors, repeated } = this.#chosen;
      if (repeated.size > 0 || this.#repeated.size > 0) this.#repeated = repeated;
      if ([...colors].some(([label, color]) => this.#colors.get(label) !== color)) this.#colors = colors;
    });
  }
}
