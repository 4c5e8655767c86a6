/** The library screen's own state: which images it lists in which order, which one is active, and what is selected. */
import type { ImageFilter, ImageId, ImageOrder, SkippedFile } from "../ipc/bindings";
import type { App } from "../state/app.svelte";
import { Cards } from "./cards.svelte";

export const THUMBNAIL_WIDTHS = { least: 128, most: 352, step: 16 };

export class Library {
  readonly app: App;
  readonly cards: Cards;

  filter = $state<ImageFilter>("all");
  order = $state<ImageOrder>("added");
  text = $state("");
  thumbnailWidth = $state(176);
  ids = $state.raw<readonly ImageId[]>([]);
  isLoaded = $state(false);
  /** Place in `ids` of the cell that the keyboard is on. */
  active = $state(0);
  skipped = $state.raw<SkippedFile[] | null>(null);
  /** Kept while another screen shows. */
  scrollTop = 0;

  #anchor = 0;
  #isLoading = false;
  #mustLoadAgain = false;

  constructor(app: App) {
    this.app = app;
    this.cards = new Cards(app.seam);
  }

  /** Lists the images again. Calls that come while one is under way are answered by one more. */
  async load(): Promise<void> {
    this.#mustLoadAgain = true;
    if (this.#isLoading) return;
    this.#isLoading = true;
    try {
      while (this.#mustLoadAgain) {
        this.#mustLoadAgain = false;
        const activeId = this.ids[this.active];
        const ids = await this.app.attempt(() =>
          this.app.seam.imageIds({
            collection: this.app.collection,
            run: null,
            filter: this.filter,
            order: this.order,
            text: this.text,
          }),
        );
        if (!ids) break;
        this.ids = ids;
        this.isLoaded = true;
        // The keyboard stays on its image, wherever that is now.
        const place = activeId === undefined ? -1 : ids.indexOf(activeId);
        this.active = place >= 0 ? place : Math.min(this.active, Math.max(0, ids.length - 1));
        this.#anchor = Math.min(this.#anchor, Math.max(0, ids.length - 1));
        this.#forgetGone();
      }
    } finally {
      this.#isLoading = false;
    }
  }

  /** Puts the keyboard on the image that review stood at. */
  standAt(image: ImageId): void {
    const place = this.ids.indexOf(image);
    if (place >= 0) this.active = place;
  }

  select(index: number, how: "only" | "toggle" | "extend"): void {
    const id = this.ids[index];
    if (id === undefined) return;
    this.active = index;
    if (how === "extend") {
      const [from, to] = this.#anchor < index ? [this.#anchor, index] : [index, this.#anchor];
      this.app.selected = new Set(this.ids.slice(from, to + 1));
      return;
    }
    this.#anchor = index;
    if (how === "only") {
      this.app.selected = new Set([id]);
      return;
    }
    const selected = new Set(this.app.selected);
    if (!selected.delete(id)) selected.add(id);
    this.app.selected = selected;
  }

  selectAll(): void {
    this.app.selected = new Set(this.ids);
  }

  selectNone(): void {
    this.app.selected = new Set();
  }

  /** Opens review at a cell; several selected images are reviewed alone. */
  review(index: number): void {
    const id = this.ids[index];
    if (id === undefined) return;
    const { selected } = this.app;
    const ids = selected.size > 1 && selected.has(id) ? this.ids.filter((each) => selected.has(each)) : [...this.ids];
    this.app.openReview(ids, Math.max(0, ids.indexOf(id)));
  }

  /** Opens review where the selection begins, or at the first image. */
  reviewAll(): void {
    const first = this.app.selected.size > 0 ? this.ids.findIndex((id) => this.app.selected.has(id)) : 0;
    this.review(Math.max(0, first));
  }

  /** How many images the way to the plan takes along. */
  get plannedCount(): number {
    return this.app.selected.size > 0 ? this.app.selected.size : (this.app.overview?.counts.all ?? 0);
  }

  plan(): void {
    if (this.plannedCount > 0) this.app.show("plan");
  }

  showEverything(): void {
    this.filter = "all";
    this.text = "";
  }

  async showSkipped(): Promise<void> {
    const skipped = await this.app.attempt(() => this.app.seam.skippedFiles(this.app.collection));
    this.skipped = skipped ?? null;
  }

  #forgetGone(): void {
    const { selected } = this.app;
    // A selection lives within what is listed: nobody plans for images they do not see.
    if (selected.size === 0) return;
    const listed = new Set(this.ids);
    const kept = [...selected].filter((id) => listed.has(id));
    if (kept.length < selected.size) this.app.selected = new Set(kept);
  }
}
