/** State of the library screen: listed images, order, active cell and selection. */
import type { FilterCounts, ImageId, ImageQuery, SkippedFile } from "../api/bindings";
import { removeImages } from "../images/imageActions";
import type { App } from "../state/app.svelte";
import { keep, recall } from "../state/kept";
import { Selection } from "../state/selection";
import { Cards } from "./cards.svelte";
import { Question } from "./question.svelte";
import { SmartCollections } from "./smart.svelte";

/** Pause between counts, as a multiple of the last count's duration. */
const RESTS_A_COUNT = 4;

export const THUMBNAIL_WIDTHS = { least: 128, most: 352, step: 16 };

export class Library {
  readonly app: App;
  readonly cards: Cards;
  readonly question: Question;
  readonly smart: SmartCollections;

  #thumbnailWidth = $state(recall("thumbnails", isThumbnailWidth) ?? 176);
  ids = $state.raw(new Uint32Array(0));
  /** The query that `ids` answer; null until the core has answered. */
  listed = $state.raw<ImageQuery | null>(null);
  /** Filter counts; null until the core has answered. */
  counts = $state.raw<FilterCounts | null>(null);
  isLoaded = $state(false);
  /** Index in `ids` of the cell with keyboard focus. */
  active = $state(0);
  skipped = $state.raw<SkippedFile[] | null>(null);
  areAnnotationsHidden = $state(false);
  /** Kept while another screen is shown. */
  scrollTop = 0;

  #anchor = 0;
  #isLoading = false;
  #mustLoadAgain = false;
  #isCounting = false;
  #mustCountAgain = false;

  constructor(app: App) {
    this.app = app;
    this.question = new Question(app);
    this.smart = new SmartCollections(app, this.question);
    this.cards = new Cards(app.core, () => this.question.layers);
  }

  /** Reloads the list. Concurrent calls are merged into one more reload. */
  async load(): Promise<void> {
    this.#mustLoadAgain = true;
    if (this.#isLoading) return;
    this.#isLoading = true;
    try {
      while (this.#mustLoadAgain) {
        this.#mustLoadAgain = false;
        const activeId = this.ids[this.active];
        const { query } = this.question;
        const answer = await this.app.notices.attempt(() => this.app.core.imageIds(query));
        if (!answer) break;
        const ids = Uint32Array.from(answer);
        this.ids = ids;
        this.listed = query;
        this.isLoaded = true;
        // Keeps the active image active.
        const place = activeId === undefined ? -1 : ids.indexOf(activeId);
        this.active = place >= 0 ? place : Math.min(this.active, Math.max(0, ids.length - 1));
        this.#anchor = Math.min(this.#anchor, Math.max(0, ids.length - 1));
        this.#forgetGone();
      }
    } finally {
      this.#isLoading = false;
    }
  }

  /** Reloads the filter counts, throttled while the library keeps changing. */
  async count(): Promise<void> {
    this.#mustCountAgain = true;
    if (this.#isCounting) return;
    this.#isCounting = true;
    try {
      while (this.#mustCountAgain) {
        this.#mustCountAgain = false;
        const begun = performance.now();
        const counts = await this.app.notices.attempt(() => this.app.core.filterCounts(this.question.query));
        if (!counts) break;
        this.counts = counts;
        const rest = (performance.now() - begun) * RESTS_A_COUNT;
        if (this.#mustCountAgain) await new Promise((rested) => setTimeout(rested, rest));
      }
    } finally {
      this.#isCounting = false;
    }
  }

  /** Makes the image where review ended active. */
  standAt(image: ImageId): void {
    const place = this.ids.indexOf(image);
    if (place >= 0) this.active = place;
  }

  /** In CSS pixels; remembered. */
  get thumbnailWidth(): number {
    return this.#thumbnailWidth;
  }

  set thumbnailWidth(width: number) {
    this.#thumbnailWidth = width;
    keep("thumbnails", width);
  }

  resize(by: 1 | -1): void {
    const { least, most, step } = THUMBNAIL_WIDTHS;
    this.thumbnailWidth = Math.min(most, Math.max(least, this.thumbnailWidth + by * step));
  }

  select(index: number, how: "only" | "toggle" | "extend"): void {
    const id = this.ids[index];
    if (id === undefined) return;
    this.active = index;
    if (how === "extend") {
      const [from, to] = this.#anchor < index ? [this.#anchor, index] : [index, this.#anchor];
      this.app.scope.selected = Selection.of(this.ids.subarray(from, to + 1));
      return;
    }
    this.#anchor = index;
    if (how === "only") {
      this.app.scope.selected = Selection.of([id]);
      return;
    }
    this.app.scope.selected = this.app.scope.selected.toggled([id]);
  }

  /** Sets the active cell and the anchor after a rectangle selection. */
  standBetween(from: number, to: number): void {
    this.#anchor = from;
    this.active = to;
  }

  selectAll(): void {
    this.app.scope.selected = Selection.of(this.ids);
  }

  selectNone(): void {
    this.app.scope.selected = Selection.none;
  }

  /** Opens review at a cell, limited to the selection if several are selected. */
  review(index: number): void {
    const id = this.ids[index];
    if (id === undefined) return;
    const { selected } = this.app.scope;
    const isPicked = selected.size > 1 && selected.has(id);
    const ids = isPicked ? this.ids.filter((each) => selected.has(each)) : this.ids;
    // A manual selection is reviewed without the query, and so without the run it names.
    const { layers } = this.question;
    if (isPicked && layers.kind === "runs") this.app.scope.layers = layers;
    this.app.navigation.openReview([...ids], Math.max(0, ids.indexOf(id)), isPicked ? undefined : this.question.query);
  }

  /** Opens review at the first selected image, or at the first image. */
  reviewAll(): void {
    const first = this.app.scope.selected.size > 0 ? this.ids.findIndex((id) => this.app.scope.selected.has(id)) : 0;
    this.review(Math.max(0, first));
  }

  /** The image that a menu is about: the active one. */
  get activeId(): ImageId | null {
    return this.ids[this.active] ?? null;
  }

  /** The selection if the active image belongs to it, otherwise the active image. */
  get aimed(): readonly ImageId[] {
    const id = this.activeId;
    if (id === null) return [];
    const { selected } = this.app.scope;
    return selected.has(id) ? [...selected] : [id];
  }

  /** Removes what is aimed at; undo restores it. */
  async remove(): Promise<void> {
    if (this.aimed.length > 0 && (await removeImages(this.app, this.aimed))) this.selectNone();
  }

  /** Number of images that the plan button takes along. */
  get plannedCount(): number {
    if (this.app.scope.selected.size > 0) return this.app.scope.selected.size;
    // With filters, the listed images are meant.
    return this.question.conditions.length > 0 ? this.ids.length : (this.app.overview.here?.counts.all ?? 0);
  }

  plan(): void {
    if (this.plannedCount === 0) return;
    if (this.app.scope.selected.size === 0 && this.question.conditions.length > 0) this.selectAll();
    this.app.scope.planSelection();
    this.app.navigation.show("plan");
  }

  async showSkipped(): Promise<void> {
    const skipped = await this.app.notices.attempt(() => this.app.core.skippedFiles(this.app.scope.collection));
    this.skipped = skipped ?? null;
  }

  #forgetGone(): void {
    // The selection is limited to listed images.
    if (this.app.scope.selected.size > 0) this.app.scope.selected = this.app.scope.selected.within(this.ids);
  }
}

function isThumbnailWidth(value: unknown): value is number {
  return typeof value === "number" && value >= THUMBNAIL_WIDTHS.least && value <= THUMBNAIL_WIDTHS.most;
}
