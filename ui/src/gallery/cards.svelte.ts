/** Cards of the images in sight: fetched in batches, kept while there is room, read again when the library changes. */
import type { ImageCard, ImageId, LayerScope } from "../ipc/bindings";
import type { Seam } from "../ipc/seam";
import { areSameLayers } from "../state/layers";

const MOST_KEPT = 4000;

export class Cards {
  readonly #seam: Seam;
  /** Whose annotations the cards have. */
  readonly #layers: () => LayerScope;
  readonly #kept = new Map<ImageId, ImageCard>();
  /** Kept ones that may no longer be true; they are shown until the new ones come. */
  readonly #stale = new Set<ImageId>();
  /** Asked for and not given: they are not asked for again until the library changes. */
  readonly #gone = new Set<ImageId>();
  #version = $state(0);
  #wanted: readonly ImageId[] = [];
  #isFetching = false;

  constructor(seam: Seam, layers: () => LayerScope) {
    this.#seam = seam;
    this.#layers = layers;
  }

  get(id: ImageId): ImageCard | null {
    // Reading the version makes whoever shows a card see it change.
    return this.#version >= 0 ? (this.#kept.get(id) ?? null) : null;
  }

  /** Says which cards are in sight. Only the latest wish counts: whoever scrolls past waits for nothing. */
  want(ids: readonly ImageId[]): void {
    this.#wanted = ids;
    void this.#fetch();
  }

  /** Everything may have changed. */
  expire(): void {
    for (const id of this.#kept.keys()) this.#stale.add(id);
    this.#gone.clear();
    void this.#fetch();
  }

  async #fetch(): Promise<void> {
    if (this.#isFetching) return;
    this.#isFetching = true;
    try {
      for (;;) {
        const missing = this.#wanted.filter((id) => this.#isMissing(id));
        if (missing.length === 0) return;
        for (const id of missing) this.#stale.delete(id);
        const layers = this.#layers();
        const cards = await this.#seam.imageCards(missing, layers);
        // Other layers are shown by now: these are asked for again.
        if (!areSameLayers(layers, this.#layers())) continue;
        if (cards.length < missing.length) {
          const given = new Set(cards.map(({ id }) => id));
          for (const id of missing) if (!given.has(id)) this.#forget(id);
        }
        for (const card of cards) {
          // Set anew, so that the map's order is from the longest unseen to the latest.
          this.#kept.delete(card.id);
          this.#kept.set(card.id, card);
        }
        this.#trim();
        this.#version += 1;
      }
    } catch {
      // Cells without a card stay grey; the next change of sight or of the library asks again.
    } finally {
      this.#isFetching = false;
    }
  }

  #isMissing(id: ImageId): boolean {
    return (!this.#kept.has(id) || this.#stale.has(id)) && !this.#gone.has(id);
  }

  #forget(id: ImageId): void {
    this.#kept.delete(id);
    this.#gone.add(id);
  }

  #trim(): void {
    const inSight = new Set(this.#wanted);
    for (const id of this.#kept.keys()) {
      if (this.#kept.size <= MOST_KEPT) return;
      if (!inSight.has(id)) {
        this.#kept.delete(id);
        this.#stale.delete(id);
      }
    }
  }
}
