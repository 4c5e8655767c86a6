/** The library's overview: collections, counts and labels, and whether they are current. */
import type { CollectionId, LibraryOverview } from "../api/bindings";
import type { Core } from "../api/core";
import type { Notices } from "./notices.svelte";
import { Refreshing } from "./refreshing";

/** During imports and runs the library changes constantly; it is reloaded at most this often. */
const RELOAD_INTERVAL_MILLIS = 500;

export class Overview {
  /** All collections together; null until the core has answered. */
  all = $state.raw<LibraryOverview | null>(null);
  /** Of the shown collection. */
  here = $state.raw<LibraryOverview | null>(null);
  /** Increases whenever images, annotations or decisions may have changed; screens with cards watch it. */
  version = $state(0);
  /** Whether the library could not be read. */
  isUnread = $state(false);

  readonly #core: Core;
  readonly #notices: Notices;
  readonly #collection: () => CollectionId | null;
  readonly #refreshing = new Refreshing(RELOAD_INTERVAL_MILLIS, () => this.#read());

  constructor(core: Core, notices: Notices, collection: () => CollectionId | null) {
    this.#core = core;
    this.#notices = notices;
    this.#collection = collection;
  }

  /** Reloads soon. */
  refreshSoon(): void {
    this.#refreshing.soon();
  }

  /** Reloads now. Concurrent calls are merged into one more reload. */
  reload(): Promise<void> {
    return this.#refreshing.now();
  }

  stop(): void {
    this.#refreshing.stop();
  }

  async #read(): Promise<void> {
    const isRead = await this.#notices.attempt(async () => {
      const collection = this.#collection();
      const all = await this.#core.overview(null);
      const here = collection === null ? all : await this.#core.overview(collection);
      this.all = all;
      if (collection === this.#collection()) this.here = here;
      this.version += 1;
      return true;
    });
    this.isUnread = isRead !== true && this.all === null;
  }
}
