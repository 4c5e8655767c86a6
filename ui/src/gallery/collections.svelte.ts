/** Actions on a collection: rename, show in file manager, remove. */
import type { Collection, CollectionId } from "../ipc/bindings";
import { words } from "../messages";
import type { App } from "../state/app.svelte";

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
    await this.#app.notices.attempt(() => this.#app.seam.renameCollection(collection.id, name));
  }

  async show({ id }: Collection): Promise<void> {
    await this.#app.notices.attempt(() => this.#app.seam.showCollectionFolder(id));
  }

  async remove(): Promise<void> {
    const collection = this.asked;
    this.asked = null;
    if (collection === null) return;
    const { id, name } = collection;
    const isRemoved = await this.#app.notices.attempt(() => this.#app.seam.removeCollection(id).then(() => true));
    if (!isRemoved) return;
    if (this.#app.scope.collection === id) this.#app.scope.showCollection(null);
    const text = words.library.collection.removed(name);
    const restore = async (): Promise<void> => {
      this.#app.removals = this.#app.removals.filter((each) => each !== restore);
      this.#app.notices.list = this.#app.notices.list.filter((toast) => toast.text !== text);
      const isBack = await this.#app.notices.attempt(() => this.#app.seam.restoreCollection(id).then(() => true));
      if (isBack) this.#app.notices.show(words.library.collection.restored(name));
    };
    this.#app.removals.push(restore);
    this.#app.notices.show(text, "good", { label: words.library.collection.undo, do: () => void restore() });
  }
}
