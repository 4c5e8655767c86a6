/** Cards of the images in the review queue, and which of them are unreviewed. */
import { SvelteMap, SvelteSet } from "svelte/reactivity";

import type { ImageCard, ImageId } from "../api/bindings";
import type { Core } from "../api/core";
import { imagesWhere } from "../state/questions";

/** Cards kept beyond the visible ones, so that going back is instant. */
const MAX_KEPT = 200;

export class QueueCards {
  readonly #core: Pick<Core, "imageIds" | "imageCards">;
  readonly #byId = new SvelteMap<ImageId, ImageCard>();
  readonly #unreviewed = new SvelteSet<ImageId>();
  readonly #asked = new Set<ImageId>();
  /** Images whose latest request failed. */
  readonly #unread = new SvelteSet<ImageId>();
  #members: ReadonlySet<ImageId> = new Set();
  #isCounted = $state(false);
  /** Increases with every decision and edit; cards requested earlier are stale. */
  edition = $state(0);

  constructor(core: Pick<Core, "imageIds" | "imageCards">) {
    this.#core = core;
  }

  /** Null if unknown: the request failed or is pending. */
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

  /** Annotations pending requests as stale. */
  decided(): void {
    this.edition += 1;
  }

  /** Counts the unreviewed images of a queue. */
  async count(queue: ImageId[]): Promise<void> {
    // The count of another queue is not valid for this one.
    if (queue.some((image) => !this.#members.has(image))) this.#isCounted = false;
    const query = imagesWhere([{ kind: "image", state: "unreviewed" }]);
    let edition: number;
    let unreviewed: Set<ImageId>;
    do {
      edition = this.edition;
      unreviewed = new Set(await this.#core.imageIds(query));
    } while (edition !== this.edition);
    this.#members = new Set(queue);
    this.#isCounted = true;
    this.#unreviewed.clear();
    for (const image of queue) if (unreviewed.has(image)) this.#unreviewed.add(image);
  }

  /** Fetches missing cards in one request. */
  async fetch(images: ImageId[]): Promise<void> {
    await this.#ask(images.filter((image) => !this.#byId.has(image)));
    if (this.#byId.size > MAX_KEPT) this.#forgetAllBut(images);
  }

  /** Refetches these cards and drops all others, which may be stale too. */
  async fetchAgain(images: ImageId[]): Promise<void> {
    this.#forgetAllBut(images);
    await this.#ask(images);
  }

  async #ask(images: ImageId[]): Promise<void> {
    const asked = images.filter((image) => !this.#asked.has(image));
    if (asked.length === 0) return;
    for (const image of asked) this.#asked.add(image);
    const edition = this.edition;
    try {
      for (const card of await this.#core.imageCards(asked)) {
        if (edition === this.edition || !this.#byId.has(card.id)) this.put(card);
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
