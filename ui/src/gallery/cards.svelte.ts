/** Cards of visible images: fetched in batches, cached, and refetched when the library changes. */
import type { ImageCard, ImageId, LayerScope } from "../api/bindings";
import type { Core } from "../api/core";
import { areSameLayers } from "../state/layers";

const MAX_KEPT = 4000;

export class Cards {
  readonly #core: Pick<Core, "imageCards">;
  /** Layers whose annotations the cards have. */
  readonly #layers: () => LayerScope;
  readonly #kept = new Map<ImageId, ImageCard>();
  /** Stale cards, shown until new ones arrive. */
  readonly #stale = new Set<ImageId>();
  /** Missing images, not requested again until the library changes. */
  readonly #gone = new Set<ImageId>();
  #version = $state(0);
  #wanted: readonly ImageId[] = [];
  #isFetching = false;

  constructor(core: Pick<Core, "imageCards">, layers: () => LayerScope) {
    this.#core = core;
    this.#layers = layers;
  }

  get(id: ImageId): ImageCard | null {
    // Reading the version makes the caller reactive.
    return this.#version >= 0 ? (this.#kept.get(id) ?? null) : null;
  }

  /** Sets the visible images. Only the latest call counts, so that fast scrolling does not queue requests. */
  want(ids: readonly ImageId[]): void {
    this.#wanted = ids;
    void this.#fetch();
  }

  /** Marks all cards as stale. */
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
        const cards = await this.#core.imageCards(missing, layers);
        // The layers changed meanwhile: these are requested again.
        if (!areSameLayers(layers, this.#layers())) continue;
        if (cards.length < missing.length) {
          const given = new Set(cards.map(({ id }) => id));
          for (const id of missing) if (!given.has(id)) this.#forget(id);
        }
        for (const card of cards) {
          // Reinsert, so that the map is ordered by last use.
          this.#kept.delete(card.id);
          this.#kept.set(card.id, card);
        }
        this.#trim();
        this.#version += 1;
      }
    } catch {
      // Failed cells stay grey until the next scroll or library change.
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
      if (this.#kept.size <= MAX_KEPT) return;
      if (!inSight.has(id)) {
        this.#kept.delete(id);
        this.#stale.delete(id);
      }
    }
  }
}
