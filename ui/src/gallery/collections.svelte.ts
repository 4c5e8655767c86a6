/** Actions on a collection: rename, plan, show in file manager, remove. */
import type { Collection, CollectionId } from "../api/bindings";
import { words } from "../messages";
import type { App } from "../state/app.svelte";
import { offerRestore } from "../state/undo";

export class Collections {
  readonly #app: App;

  /** The collection being renamed. */
  renamed = $state<CollectionId | null>(null);
  /** The collection whose removal must be confirmed. */
  asked = $state.raw<Collection | null>(null);

  constructor(app: App) {
    this.#app = app;
  }

  async rename(collection: Collection, typed: string): Promise<void> {
    this.renamed = null;
    const name = typed.trim();
    if (name === "" || name === collection.name) return;
    await this.#app.notices.attempt(() => this.#app.core.renameCollection(collection.id, name));
  }

  get canShow(): boolean {
    return this.#app.frontEnd.isDesktop;
  }

  plan({ id }: Collection): void {
    this.#app.scope.planFor({ kind: "collection", id });
  }

  async show({ id }: Collection): Promise<void> {
    await this.#app.notices.attempt(() => this.#app.core.showCollectionFolder(id));
  }

  async remove(): Promise<void> {
    const collection = this.asked;
    this.asked = null;
    if (collection === null) return;
    const { id, name } = collection;
    const isRemoved = await this.#app.notices.attempt(() => this.#app.core.removeCollection(id).then(() => true));
    if (!isRemoved) return;
    if (this.#app.scope.collection === id) this.#app.scope.showCollection(null);
    offerRestore(this.#app, {
      removed: words.library.collection.removed(name),
      restored: words.library.collection.restored(name),
      restore: () => this.#app.core.restoreCollection(id),
    });
  }
}
