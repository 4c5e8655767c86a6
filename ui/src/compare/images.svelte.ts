/** Data of compared images: pairs, cards, and which are decided. */
import { SvelteMap, SvelteSet } from "svelte/reactivity";

import type { ImageCard, ImageId, Sides } from "../api/bindings";
import type { Core } from "../api/core";
import { type Compared, undecided } from "./choices";

/** Images whose pairs are kept beyond the visible ones. */
const MAX_KEPT = 60;

export class ComparedImages {
  readonly #core: Pick<Core, "compareImage" | "chosenSides" | "imageCards">;
  readonly #stored = new SvelteMap<ImageId, Compared>();
  readonly #cards = new SvelteMap<ImageId, ImageCard>();
  readonly #settled = new SvelteSet<ImageId>();
  #sides: Sides | null = null;
  /** Increases with every choice; earlier requests are stale. */
  #edition = 0;

  constructor(core: Pick<Core, "compareImage" | "chosenSides" | "imageCards">) {
    this.#core = core;
  }

  /** Drops loaded data. With the same sides, decided images stay known. */
  begin(sides: Sides, isAnother: boolean): void {
    this.#sides = sides;
    this.changed();
    this.#stored.clear();
    if (isAnother) this.#settled.clear();
  }

  /** The stored state. */
  get(image: ImageId): Compared | undefined {
    return this.#stored.get(image);
  }

  cardOf(image: ImageId): ImageCard | undefined {
    return this.#stored.get(image)?.card ?? this.#cards.get(image);
  }

  /** Whether every difference is decided, as far as loaded. */
  isSettled(image: ImageId): boolean {
    return this.#settled.has(image);
  }

  /** Marks pending requests as stale. */
  changed(): void {
    this.#edition += 1;
  }

  put(compared: Compared): void {
    const { id } = compared.card;
    this.#stored.set(id, compared);
    if (undecided(compared).length === 0) this.#settled.add(id);
    else this.#settled.delete(id);
  }

  /** Drops everything after a change of many images. */
  clear(): void {
    this.#stored.clear();
  }

  async read(image: ImageId): Promise<void> {
    const sides = this.#sides;
    if (sides === null) return;
    const edition = this.#edition;
    const [[card], pairs] = await Promise.all([this.#core.imageCards([image]), this.#core.compareImage(image, sides)]);
    const isStale = this.#sides !== sides || (edition !== this.#edition && this.#stored.has(image));
    if (card && !isStale) this.put({ sides, card, pairs, passed: this.#stored.get(image)?.passed ?? new Set() });
  }

  async readCards(images: ImageId[]): Promise<void> {
    if (images.length === 0) return;
    const cards = await this.#core.imageCards(images);
    for (const card of cards) this.#cards.set(card.id, card);
    await Promise.all(cards.map((card) => this.revise(card)));
  }

  /** The annotations on a loaded image have changed elsewhere: reads what is chosen of its pairs now. */
  async revise(card: ImageCard): Promise<void> {
    const asked = this.#stored.get(card.id);
    if (!asked) return;
    const edition = this.#edition;
    const pairs = await this.#core.chosenSides(card.id, asked.sides, [...asked.pairs]);
    if (edition === this.#edition && this.#stored.get(card.id) === asked) this.put({ ...asked, card, pairs });
  }

  /** Keeps these, and a limited number of others. */
  forgetBeyond(kept: ReadonlySet<ImageId>): void {
    if (this.#stored.size <= MAX_KEPT) return;
    for (const image of [...this.#stored.keys()]) if (!kept.has(image)) this.#stored.delete(image);
    for (const image of [...this.#cards.keys()]) if (!kept.has(image)) this.#cards.delete(image);
  }
}
