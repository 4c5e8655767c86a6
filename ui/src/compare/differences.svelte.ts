/**
 * Images on which two sides differ, and the selected difference. Image data is in `images`, pending choices in
 * `choosing`.
 */
import type {
  Choice,
  ChosenPair,
  Comparison,
  ImageCard,
  ImageId,
  LayerScope,
  RunSummary,
  Sides,
} from "../api/bindings";
import type { Core } from "../api/core";
import { around } from "../photo/neighbours";
import { Refreshing } from "../state/refreshing";
import { choiceOf, type Compared, isDifference, undecided } from "./choices";
import { Choosing } from "./choosing.svelte";
import { ComparedImages } from "./images.svelte";
import { ALL_LAYERS } from "../state/layers";
import { areSameSides, likelySides, sidesShown } from "./sides";

/** How often cards and figures are refreshed while annotations change elsewhere. */
const REFRESH_MILLIS = 2000;

/** A message for the user. */
export type Notice =
  | { kind: "refused"; refusal: unknown; image: string | null }
  | { kind: "nothing_to_undo" }
  | { kind: "undone_elsewhere"; image: string };

export type DifferencesCore = Pick<
  Core,
  "runs" | "compareSides" | "compareImage" | "chosenSides" | "chooseSide" | "imageCards" | "undoLatest"
>;

export class Differences {
  readonly #core: DifferencesCore;
  readonly #notify: (notice: Notice) => void;

  /** Newest first. */
  runs = $state.raw<RunSummary[]>([]);
  sides = $state.raw<Sides | null>(null);
  comparison = $state.raw<Comparison | null>(null);
  /** Most differences first. The order is kept during a session. */
  queue = $state.raw<readonly ImageId[]>([]);
  /** Whether the comparison is pending. */
  isComparing = $state(true);
  hasFailed = $state(false);
  index = $state(0);
  isAtEnd = $state(false);
  /** Index of the selected pair. */
  selected = $state<number | null>(null);
  areAgreedHidden = $state(false);

  readonly #images: ComparedImages;
  readonly #choosing: Choosing;
  readonly #refreshing = new Refreshing(REFRESH_MILLIS, () => this.#refresh());

  readonly imageId = $derived<ImageId | null>(this.queue[this.index] ?? null);
  readonly shown = $derived.by<Compared | null>(() =>
    this.imageId === null ? null : this.#choosing.asShown(this.imageId),
  );
  readonly pairs = $derived<readonly ChosenPair[]>(this.shown?.pairs ?? []);
  readonly pair = $derived<ChosenPair | null>(this.selected === null ? null : (this.pairs[this.selected] ?? null));
  readonly choice = $derived<Choice | null>(
    this.shown === null || this.selected === null ? null : choiceOf(this.shown, this.selected),
  );
  /** Number of agreed objects that are not accepted yet. */
  readonly agreedOpen = $derived(this.pairs.filter(({ is_agreement_open }) => is_agreement_open).length);
  readonly visiblePairs = $derived(this.areAgreedHidden ? this.pairs.filter(isDifference) : this.pairs);
  readonly settledCount = $derived.by(() => this.queue.filter((image) => this.#images.isSettled(image)).length);

  constructor(core: DifferencesCore, notify: (notice: Notice) => void) {
    this.#core = core;
    this.#notify = notify;
    this.#images = new ComparedImages(core);
    this.#choosing = new Choosing(core, this.#images, (image, refusal) => this.#refused(image, refusal));
  }

  /**
   * Opens these sides, otherwise the runs whose layers are shown, otherwise likely ones. Opening the same sides keeps
   * the position.
   */
  async open(wanted: Sides | null, layers: LayerScope = ALL_LAYERS): Promise<void> {
    this.isComparing = true;
    this.hasFailed = !(await this.#attempt(async () => {
      this.runs = await this.#core.runs();
      const sides = wanted ?? sidesShown(layers, this.runs) ?? this.sides ?? likelySides(this.runs);
      if (sides !== null) await this.#compare(sides);
    }));
    this.isComparing = false;
  }

  /** The card of an image in the strip, if loaded. */
  cardOf(image: ImageId): ImageCard | undefined {
    return this.#choosing.asShown(image)?.card ?? this.#images.cardOf(image);
  }

  isSettled(image: ImageId): boolean {
    return this.#images.isSettled(image);
  }

  goTo(index: number): void {
    if (this.queue.length === 0) return;
    this.isAtEnd = index >= this.queue.length;
    this.index = Math.min(this.queue.length - 1, Math.max(0, index));
    this.selected = null;
    void this.#attempt(() => this.#loadVisible());
  }

  next(): void {
    this.goTo(this.index + 1);
  }

  previous(): void {
    this.goTo(this.isAtEnd ? this.index : this.index - 1);
  }

  /** The next undecided image, wrapping around. */
  goToUnsettled(): void {
    const count = this.queue.length;
    for (let step = 1; step <= count; step += 1) {
      const index = (this.index + step) % count;
      if (!this.isSettled(this.queue[index] as ImageId)) {
        this.goTo(index);
        return;
      }
    }
  }

  select(place: number | null): void {
    this.selected = place;
  }

  /** The next or previous difference on the image, wrapping around. */
  selectNext(step: 1 | -1): void {
    const places = this.pairs.flatMap((pair, place) => (isDifference(pair) ? [place] : []));
    if (places.length === 0) return;
    const at = places.indexOf(this.selected ?? -1);
    const next = at < 0 ? (step === 1 ? 0 : places.length - 1) : (at + step + places.length) % places.length;
    this.selected = places[next] ?? null;
  }

  /** Applies a choice to the selected pair and goes to the next undecided one, here or on the next image. */
  choose(choice: Choice): void {
    const { imageId: image, selected: place, pair } = this;
    if (image === null || place === null || pair === null || this.isAtEnd) return;
    if (choice === "both" && !pair.can_keep_both) return;
    this.#choosing.choose(image, place, choice);
    const left = this.shown === null ? [] : undecided(this.shown);
    const following = left.find((other) => other > place) ?? left[0];
    if (following === undefined) this.next();
    else this.selected = following;
  }

  /** Accepts what both agree on and goes on. Marks the image as reviewed if nothing is left. */
  acceptAgreed(): void {
    const { imageId: image, shown } = this;
    if (image === null || shown === null || this.isAtEnd) return;
    this.#choosing.acceptAgreed(image);
    this.next();
  }

  /** Undoes the latest step and returns to its image. */
  undo(): void {
    this.#choosing.behind(async () => {
      try {
        const undone = await this.#core.undoLatest();
        if (undone === null) {
          this.#notify({ kind: "nothing_to_undo" });
          return;
        }
        this.#images.changed();
        const { id: image, name } = undone.image;
        if (undone.others > 0) this.#images.clear();
        else await this.#images.revise(undone.image);
        const index = this.queue.indexOf(image);
        if (index < 0) {
          this.#notify({ kind: "undone_elsewhere", image: name });
          return;
        }
        this.goTo(index);
        this.selected = this.#choosing.placeOf(undone.id) ?? this.selected;
      } catch (refusal) {
        this.#notify({ kind: "refused", refusal, image: null });
      }
    });
  }

  /** Resolves when everything is stored. */
  settled(): Promise<void> {
    return this.#choosing.settled();
  }

  /** Annotations or answers may have changed: refreshes visible data and figures. */
  refreshSoon(): void {
    this.#refreshing.soon();
  }

  /** The screen is hidden: stops refreshing. */
  stop(): void {
    this.#refreshing.stop();
  }

  async #compare(sides: Sides): Promise<void> {
    const image = areSameSides(sides, this.sides) ? this.imageId : null;
    this.sides = sides;
    if (image === null) {
      this.comparison = null;
      this.queue = [];
    }
    await this.#choosing.settled();
    const comparison = await this.#core.compareSides(sides);
    // Other sides were chosen meanwhile.
    if (this.sides === sides) await this.#begin(sides, comparison, image);
  }

  /** Starts at an image, or at the first. */
  async #begin(sides: Sides, comparison: Comparison, image: ImageId | null): Promise<void> {
    this.#images.begin(sides, image === null);
    this.selected = null;
    this.comparison = comparison;
    this.queue = comparison.differing;
    this.index = Math.max(0, image === null ? 0 : this.queue.indexOf(image));
    this.isAtEnd = this.isAtEnd && image !== null;
    await this.#loadVisible();
  }

  async #refresh(): Promise<void> {
    if (this.#choosing.isEmpty) await this.#attempt(() => this.#images.readCards(around(this.queue, this.index)));
    try {
      if (!this.isComparing) await this.#recount();
    } catch (refusal) {
      // Keep what is shown; the next change retries.
      console.warn(refusal);
    }
  }

  /** Refreshes the figures. Images that now differ are appended, so that positions stay. */
  async #recount(): Promise<void> {
    const asked = this.sides;
    this.runs = await this.#core.runs();
    const sides = asked ?? likelySides(this.runs);
    if (sides === null) return;
    const comparison = await this.#core.compareSides(sides);
    if (this.sides !== asked) return;
    this.sides = sides;
    this.hasFailed = false;
    if (this.queue.length === 0) {
      await this.#begin(sides, comparison, null);
      return;
    }
    const queued = new Set(this.queue);
    this.comparison = comparison;
    this.queue = [...this.queue, ...comparison.differing.filter((image) => !queued.has(image))];
  }

  /** A change failed: shows the core's state again. */
  async #refused(image: ImageId, refusal: unknown): Promise<void> {
    const name = this.cardOf(image)?.name ?? null;
    this.#notify({ kind: "refused", refusal, image: name });
    try {
      await this.#images.read(image);
    } catch {
      // Report the first error only.
    }
  }

  /** Loads visible data and selects the first undecided difference. */
  async #loadVisible(): Promise<void> {
    this.#selectFirst();
    const images = [this.index, this.index + 1, this.index - 1].flatMap((index) => this.queue[index] ?? []);
    const [first, ...beside] = images.filter((image) => !this.#images.get(image));
    const cards = this.#images.readCards(
      around(this.queue, this.index).filter((image) => this.cardOf(image) === undefined),
    );
    // The current image is loaded before its neighbors.
    const pairs = async (): Promise<void> => {
      if (first !== undefined) await this.#images.read(first);
      this.#selectFirst();
      await Promise.all(beside.map((image) => this.#images.read(image)));
    };
    await Promise.all([cards, pairs()]);
    this.#images.forgetBeyond(new Set([...around(this.queue, this.index), ...this.#choosing.images]));
  }

  #selectFirst(): void {
    if (this.selected !== null || this.shown === null) return;
    const first = this.pairs.findIndex(isDifference);
    this.selected = undecided(this.shown)[0] ?? (first < 0 ? null : first);
  }

  /** Calls the core and reports an error. Returns whether it succeeded. */
  async #attempt(question: () => Promise<void>): Promise<boolean> {
    try {
      await question();
      return true;
    } catch (refusal) {
      this.#notify({ kind: "refused", refusal, image: null });
      return false;
    }
  }
}
