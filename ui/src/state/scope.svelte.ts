/** Which images the user works on: the collection, the selection, the layers, and what a plan is for. */
import type { CollectionId, ImageSelection, LayerScope } from "../api/bindings";
import { layersShown } from "./layers";
import type { Navigation } from "./navigation.svelte";
import type { Overview } from "./overview.svelte";
import { Selection } from "./selection";

export class Scope {
  collection = $state<CollectionId | null>(null);
  /** Selected in the library grid. */
  selected = $state.raw(Selection.none);
  /** Chosen in a toolbar; if null, the query decides: the runs it names, or all. */
  layers = $state.raw<LayerScope | null>(null);
  /** Set by `planFor`; otherwise the plan is for the collection. */
  planned = $state.raw<ImageSelection | null>(null);

  readonly #navigation: Navigation;
  readonly #overview: Overview;

  constructor(navigation: Navigation, overview: Overview) {
    this.#navigation = navigation;
    this.#overview = overview;
  }

  /** The images a plan is for. */
  get imagesToPlan(): ImageSelection {
    return this.planned ?? (this.collection === null ? { kind: "all" } : { kind: "collection", id: this.collection });
  }

  /** The layers shown in review and comparison. */
  get layersInReview(): LayerScope {
    return layersShown({ conditions: this.#navigation.review?.query?.conditions ?? [], layers: this.layers });
  }

  get collectionName(): string | null {
    return this.#overview.all?.collections.find(({ id }) => id === this.collection)?.name ?? null;
  }

  showCollection(collection: CollectionId | null): void {
    if (collection !== this.collection) {
      this.collection = collection;
      this.selected = Selection.none;
      this.planned = null;
      this.#overview.here = collection === null ? this.#overview.all : null;
    }
    this.#navigation.show("library");
    void this.#overview.reload();
  }

  planFor(selection: ImageSelection): void {
    this.#navigation.show("plan");
    this.planned = selection;
  }

  /**
   * The plan follows the selection when the library is left for it. A single selected image does not replace several
   * that were chosen before: a click on the way must not lose them.
   */
  followSelection(): void {
    if (this.planned?.kind === "images" && this.planned.ids.length > 1 && this.selected.size <= 1) return;
    this.planSelection();
  }

  /** Plans for the selection; the library's plan button shows how many images that is. */
  planSelection(): void {
    const { size } = this.selected;
    // The whole collection is named instead of listed, and includes images added later.
    const isAll = size === 0 || size === this.#overview.here?.counts.all;
    this.planned = isAll ? null : { kind: "images", ids: [...this.selected] };
  }
}
