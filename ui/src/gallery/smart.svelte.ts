/** Smart collections: saves, opens, renames, updates and deletes saved searches. */
import type { SmartCollection, SmartCollectionId } from "../api/bindings";
import { words } from "../messages";
import type { App } from "../state/app.svelte";
import { offerRestore } from "../state/undo";
import type { Question } from "./question.svelte";

export class SmartCollections {
  readonly #app: App;
  readonly #question: Question;

  /** The one being renamed. */
  renamed = $state<SmartCollectionId | null>(null);

  constructor(app: App, question: Question) {
    this.#app = app;
    this.#question = question;
  }

  get all(): readonly SmartCollection[] {
    return this.#app.overview.all?.smart_collections ?? [];
  }

  /** Whether the library shows exactly this search. */
  isShown({ query }: SmartCollection): boolean {
    const shown = this.#question.query;
    return (
      query.collection === shown.collection &&
      query.order === shown.order &&
      (query.is_reversed ?? false) === (shown.is_reversed ?? false) &&
      JSON.stringify(query.conditions) === JSON.stringify(shown.conditions) &&
      JSON.stringify(query.layers ?? null) === JSON.stringify(shown.layers ?? null)
    );
  }

  show({ query }: SmartCollection): void {
    this.#app.scope.showCollection(query.collection);
    void this.#question.open(query);
  }

  async save(typed: string): Promise<boolean> {
    const name = typed.trim();
    if (name === "") return false;
    const { query } = this.#question;
    const isSaved = await this.#change(() => this.#app.core.addSmartCollection(name, query));
    if (isSaved) this.#app.notices.show(words.smart.saved(name), "good");
    return isSaved;
  }

  async rename(smart: SmartCollection, typed: string): Promise<void> {
    this.renamed = null;
    const name = typed.trim();
    if (name === "" || name === smart.name) return;
    await this.#change(() => this.#app.core.saveSmartCollection({ ...smart, name }));
  }

  async update(smart: SmartCollection): Promise<void> {
    const { query } = this.#question;
    if (await this.#change(() => this.#app.core.saveSmartCollection({ ...smart, query })))
      this.#app.notices.show(words.smart.updated(smart.name), "good");
  }

  async delete(smart: SmartCollection): Promise<void> {
    if (!(await this.#change(() => this.#app.core.deleteSmartCollection(smart.id)))) return;
    offerRestore(this.#app, {
      removed: words.smart.deleted(smart.name),
      restored: words.smart.restored(smart.name),
      restore: () => this.#change(() => this.#app.core.saveSmartCollection(smart)),
    });
  }

  /** Plans a run for the images that match now. */
  async plan({ query }: SmartCollection): Promise<void> {
    const ids = await this.#app.notices.attempt(() => this.#app.core.imageIds(query));
    if (ids) this.#app.scope.planFor({ kind: "images", ids });
  }

  async #change(call: () => Promise<unknown>): Promise<boolean> {
    const isDone = await this.#app.notices.attempt(() => call().then(() => true));
    if (isDone) await this.#app.overview.reload();
    return isDone === true;
  }
}
