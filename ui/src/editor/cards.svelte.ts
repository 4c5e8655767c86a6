/** What review knows of the images in its queue: the cards around the one shown, and which nobody has reviewed. */
import { SvelteMap, SvelteSet } from "svelte/reactivity";

import type { ImageCard, ImageId } from "../ipc/bindings";
import type { Seam } from "../ipc/seam";
import { imagesWhere } from "../state/questions";

/** Cards kept beyond those in sight, so that going back a little needs no waiting. */
const MOST_KEPT = 200;

export class QueueCards {
  readonly #seam: Pick<Seam, "imageIds" | "imageCards">;
  readonly #byId = new SvelteMap<ImageId, ImageCard>();
  readonly #unreviewed = new SvelteSet<ImageId>();
  readonly #asked = new Set<ImageId>();
  /** Images whose latest reading was refused. */
  readonly #unread = new SvelteSet<ImageId>();
  #members: ReadonlySet<ImageId> = new Set();
  #isCounted = $state(false);
  /** Grows with every decision: cards that were fetched before it are stale. */
  #edition = 0;

  constructor(seam: Pick<Seam, "imageIds" | "imageCards">) {
    this.#seam = seam;
  }

  /** Null while it is not known: the question was refused, or is not answered yet. */
  get unreviewedCount(): number | null {
    return this.#isCounted ? this.#unreviewed.size : null;
  }

  get(image: ImageId): ImageCard | undefined {
    return this.#byId.get(image);
  }

  isUnread(image: ImageId): boolean {
    return this.#unread.has(image);
  }

  isUnreviewed(image: ImageId): boolean {
    return this.#unreviewed.has(image);
  }

  put(card: ImageCard): void {
    this.#byId.set(card.id, card);
    this.#unread.delete(card.id);
    if (card.review !== "unreviewed") this.#unreviewed.delete(card.id);
    else if (this.#members.has(card.id)) this.#unreviewed.add(card.id);
  }

  /** A decision is on its way: what is being fetched does not know of it. */
  decided(): void {
    this.#edition += 1;
  }

  /** Which images of a queue nobody has reviewed. */
  async count(queue: ImageId[]): Promise<void> {
    // What is known of another queue says nothing about this one.
    if (queue.some((image) => !this.#members.has(image))) this.#isCounted = false;
    const query = imagesWhere([{ kind: "image", state: "unreviewed" }]);
    let edition: number;
    let unreviewed: Set<ImageId>;
    do {
      edition = this.#edition;
      unreviewed = new Set(await this.#seam.imageIds(query));
    } while (edition !== this.#edition);
    this.#members = new Set(queue);
    this.#isCounted = true;
    this.#unreviewed.clear();
    for (const image of queue) if (unreviewed.has(image)) this.#unreviewed.add(image);
  }

  /** Fetches, in one question, the cards that are not at hand. */
  async fetch(images: ImageId[]): Promise<void> {
    await this.#ask(images.filter((image) => !this.#byId.has(image)));
    if (this.#byId.size > MOST_KEPT) this.#forgetAllBut(images);
  }

  /** Fetches cards that may have changed, and forgets the others, which may have changed too. */
  async fetchAgain(images: ImageId[]): Promise<void> {
    this.#forgetAllBut(images);
    await this.#ask(images);
  }

  async #ask(images: ImageId[]): Promise<void> {
    const asked = images.filter((image) => !this.#asked.has(image));
    if (asked.length === 0) return;
    for (const image of asked) this.#asked.add(image);
    const edition = this.#edition;
    try {
      for (const card of await this.#seam.imageCards(asked)) {
        if (edition === this.#edition || !this.#byId.has(card.id)) this.put(card);
      }
      for (const image of asked) this.#unread.delete(image);
    } catch (refusal) {
      for (const image of asked) this.#unread.add(image);
      throw refusal;
    } finally {
      for (const image of asked) this.#asked.delete(image);
    }
  }

  #forgetAllBut(images: ImageId[]): void {
    const kept = new Set(images);
    for (const image of [...this.#byId.keys()]) if (!kept.has(image)) this.#byId.delete(image);
  }
}
