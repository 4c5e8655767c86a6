/** What is known of the images that two sides are compared on: their pairs and cards, and which of them are settled. */
import { SvelteMap, SvelteSet } from "svelte/reactivity";

import type { ImageCard, ImageId } from "../ipc/bindings";
import type { Seam } from "../ipc/seam";
import { type Compared, type Sides, undecided } from "./choices";

/** Images whose pairs are kept beyond those in sight. */
const MOST_KEPT = 60;

export class ComparedImages {
  readonly #seam: Pick<Seam, "compareImage" | "imageCards">;
  readonly #stored = new SvelteMap<ImageId, Compared>();
  readonly #cards = new SvelteMap<ImageId, ImageCard>();
  readonly #settled = new SvelteSet<ImageId>();
  #sides: Sides | null = null;
  /** Grows with every choice: what was asked before it is stale. */
  #edition = 0;

  constructor(seam: Pick<Seam, "compareImage" | "imageCards">) {
    this.#seam = seam;
  }

  /** Forgets what was read. With the same sides as before it stays known which images are settled. */
  begin(sides: Sides, isAnother: boolean): void {
    this.#sides = sides;
    this.changed();
    this.#stored.clear();
    if (isAnother) this.#settled.clear();
  }

  /** As the core has it. */
  get(image: ImageId): Compared | undefined {
    return this.#stored.get(image);
  }

  cardOf(image: ImageId): ImageCard | undefined {
    return this.#stored.get(image)?.card ?? this.#cards.get(image);
  }

  /** Whether every difference on it is decided, as far as somebody has looked. */
  isSettled(image: ImageId): boolean {
    return this.#settled.has(image);
  }

  /** What is being read does not know of what has just been done. */
  changed(): void {
    this.#edition += 1;
  }

  put(compared: Compared): void {
    const { id } = compared.card;
    this.#stored.set(id, compared);
    if (undecided(compared).length === 0) this.#settled.add(id);
    else this.#settled.delete(id);
  }

  /** Many images are not what they were. */
  clear(): void {
    this.#stored.clear();
  }

  async read(image: ImageId): Promise<void> {
    const sides = this.#sides;
    if (sides === null) return;
    const edition = this.#edition;
    const [[card], pairs] = await Promise.all([
      this.#seam.imageCards([image]),
      this.#seam.compareImage(image, sides.first, sides.second),
    ]);
    const isStale = this.#sides !== sides || (edition !== this.#edition && this.#stored.has(image));
    if (card && !isStale) this.put({ sides, card, pairs, passed: this.#stored.get(image)?.passed ?? new Set() });
  }

  async readCards(images: ImageId[]): Promise<void> {
    if (images.length === 0) return;
    const edition = this.#edition;
    for (const card of await this.#seam.imageCards(images)) {
      this.#cards.set(card.id, card);
      const stored = this.#stored.get(card.id);
      if (stored && edition === this.#edition) this.put({ ...stored, card });
    }
  }

  /** Keeps these; of the others no more than there is room for. */
  forgetBeyond(kept: ReadonlySet<ImageId>): void {
    if (this.#stored.size <= MOST_KEPT) return;
    for (const image of [...this.#stored.keys()]) if (!kept.has(image)) this.#stored.delete(image);
    for (const image of [...this.#cards.keys()]) if (!kept.has(image)) this.#cards.delete(image);
  }
}
