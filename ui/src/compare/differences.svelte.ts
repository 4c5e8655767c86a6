/**
 * The images on which two sides differ, and the difference that is selected. What is known of images is in `images`,
 * what is chosen in `choosing`.
 */
import type { Comparison, ComparedPair, ImageCard, ImageId, LayerScope, RunSummary } from "../ipc/bindings";
import type { Seam } from "../ipc/seam";
import { around } from "../photo/neighbours";
import { Refreshing } from "../state/refreshing";
import {
  type Choice,
  choiceOf,
  type Compared,
  isDifference,
  mayTakeBoth,
  movesFor,
  movesForAgreed,
  type Sides,
  undecided,
} from "./choices";
import { Choosing, waitsForItsReview } from "./choosing.svelte";
import { ComparedImages } from "./images.svelte";
import { ALL_LAYERS } from "../state/layers";
import { areSameSides, likelySides, sidesShown } from "./sides";

/** How often cards and figures are read again while annotations change elsewhere. */
const REFRESH_MILLIS = 2000;

/** Something to tell the person. */
export type Notice =
  | { kind: "refused"; refusal: unknown; image: string | null }
  | { kind: "nothing_to_undo" }
  | { kind: "undone_elsewhere"; image: string };

export type DifferencesSeam = Pick<
  Seam,
  "runs" | "compareSides" | "compareImage" | "imageCards" | "editAnnotations" | "decide" | "undoLatest"
>;

export class Differences {
  readonly #seam: DifferencesSeam;
  readonly #tell: (notice: Notice) => void;

  /** The newest first. */
  runs = $state.raw<RunSummary[]>([]);
  sides = $state.raw<Sides | null>(null);
  comparison = $state.raw<Comparison | null>(null);
  /** Those with the most differences first. They keep their order for as long as somebody is at them. */
  queue = $state.raw<readonly ImageId[]>([]);
  /** Until the core has answered, and whether it has not. */
  isComparing = $state(true);
  hasFailed = $state(false);
  index = $state(0);
  /** Past the last image of the queue. */
  isAtEnd = $state(false);
  /** Place among the pairs of the image. */
  selected = $state<number | null>(null);
  areAgreedHidden = $state(false);

  readonly #images: ComparedImages;
  readonly #choosing: Choosing;
  readonly #refreshing = new Refreshing(REFRESH_MILLIS, () => this.#refresh());

  readonly imageId = $derived<ImageId | null>(this.queue[this.index] ?? null);
  readonly shown = $derived.by<Compared | null>(() =>
    this.imageId === null ? null : this.#choosing.asShown(this.imageId),
  );
  readonly pairs = $derived<readonly ComparedPair[]>(this.shown?.pairs ?? []);
  readonly pair = $derived<ComparedPair | null>(this.selected === null ? null : (this.pairs[this.selected] ?? null));
  readonly choice = $derived<Choice | null>(
    this.shown === null || this.selected === null ? null : choiceOf(this.shown, this.selected),
  );
  /** Things that both sides found and that wait to be accepted. */
  readonly agreedOpen = $derived(
    this.shown === null ? 0 : new Set(movesForAgreed(this.shown).map(({ place }) => place)).size,
  );
  readonly visiblePairs = $derived(this.areAgreedHidden ? this.pairs.filter(isDifference) : this.pairs);
  readonly settledCount = $derived.by(() => this.queue.filter((image) => this.#images.isSettled(image)).length);

  constructor(seam: DifferencesSeam, tell: (notice: Notice) => void) {
    this.#seam = seam;
    this.#tell = tell;
    this.#images = new ComparedImages(seam);
    this.#choosing = new Choosing(seam, this.#images, (image, refusal) => this.#refused(image, refusal));
  }

  /**
   * Begins with these sides, or with the runs whose layers are shown, or with likely ones. Coming back to the same stays
   * where one was.
   */
  async open(wanted: Sides | null, layers: LayerScope = ALL_LAYERS): Promise<void> {
    this.isComparing = true;
    this.hasFailed = !(await this.#told(async () => {
      this.runs = await this.#seam.runs();
      const sides = wanted ?? sidesShown(layers, this.runs) ?? this.sides ?? likelySides(this.runs);
      if (sides !== null) await this.#compare(sides);
    }));
    this.isComparing = false;
  }

  /** What is known of an image in the strip. */
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
    void this.#told(() => this.#look());
  }

  next(): void {
    this.goTo(this.index + 1);
  }

  previous(): void {
    this.goTo(this.isAtEnd ? this.index : this.index - 1);
  }

  /** The next image that is not settled, from here on and around. */
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

  /** The next difference on the image, or the one before; around the ends. */
  selectNext(step: 1 | -1): void {
    const places = this.pairs.flatMap((pair, place) => (isDifference(pair) ? [place] : []));
    if (places.length === 0) return;
    const at = places.indexOf(this.selected ?? -1);
    const next = at < 0 ? (step === 1 ? 0 : places.length - 1) : (at + step + places.length) % places.length;
    this.selected = places[next] ?? null;
  }

  /** Chooses for the selected pair, and goes on to the next that is to be decided: here, or on the next image. */
  choose(choice: Choice): void {
    const { imageId: image, selected: place, pair, shown } = this;
    if (image === null || place === null || pair === null || shown === null || this.isAtEnd) return;
    // What only one side saw is there or it is not.
    if (choice === "both" && !mayTakeBoth(pair)) return;
    if (movesFor(shown, place, choice).length > 0) this.#choosing.choose(image, place, choice);
    else if (this.choice === null) this.#choosing.pass(image, place);
    const left = this.shown === null ? [] : undecided(this.shown);
    const following = left.find((other) => other > place) ?? left[0];
    if (following === undefined) this.next();
    else this.selected = following;
  }

  /** Accepts what both agree on and goes on, whatever differs. An image with nothing left to decide is reviewed. */
  acceptAgreed(): void {
    const { imageId: image, shown } = this;
    if (image === null || shown === null || this.isAtEnd) return;
    if (this.agreedOpen > 0 || waitsForItsReview(shown)) this.#choosing.acceptAgreed(image);
    this.next();
  }

  /** Takes the latest step back and returns to its image. */
  undo(): void {
    this.#choosing.behind(async () => {
      try {
        const undone = await this.#seam.undoLatest();
        if (undone === null) {
          this.#tell({ kind: "nothing_to_undo" });
          return;
        }
        this.#images.changed();
        const { id: image, name } = undone.image;
        const known = this.#images.get(image);
        if (undone.others > 0) this.#images.clear();
        else if (known) this.#images.put({ ...known, card: undone.image });
        const index = this.queue.indexOf(image);
        if (index < 0) {
          this.#tell({ kind: "undone_elsewhere", image: name });
          return;
        }
        this.goTo(index);
        this.selected = this.#choosing.placeOf(undone.id) ?? this.selected;
      } catch (refusal) {
        this.#tell({ kind: "refused", refusal, image: null });
      }
    });
  }

  /** When everything so far is stored. */
  settled(): Promise<void> {
    return this.#choosing.settled();
  }

  /** Annotations or answers may have changed: reads what is in sight again, and the figures. */
  refreshSoon(): void {
    this.#refreshing.soon();
  }

  /** Nobody looks any more. */
  rest(): void {
    this.#refreshing.rest();
  }

  async #compare(sides: Sides): Promise<void> {
    const image = areSameSides(sides, this.sides) ? this.imageId : null;
    this.sides = sides;
    if (image === null) {
      this.comparison = null;
      this.queue = [];
    }
    await this.#choosing.settled();
    const comparison = await this.#seam.compareSides(sides.first, sides.second);
    // Somebody has chosen others in the meantime.
    if (this.sides === sides) await this.#begin(sides, comparison, image);
  }

  /** Begins at an image, or at the first. */
  async #begin(sides: Sides, comparison: Comparison, image: ImageId | null): Promise<void> {
    this.#images.begin(sides, image === null);
    this.selected = null;
    this.comparison = comparison;
    this.queue = comparison.differing;
    this.index = Math.max(0, image === null ? 0 : this.queue.indexOf(image));
    this.isAtEnd = this.isAtEnd && image !== null;
    await this.#look();
  }

  async #refresh(): Promise<void> {
    if (this.#choosing.isEmpty) await this.#told(() => this.#images.readCards(around(this.queue, this.index)));
    try {
      if (!this.isComparing) await this.#recount();
    } catch (refusal) {
      // What is shown is the best there is; the next change asks again.
      console.warn(refusal);
    }
  }

  /** Figures as they are by now. Images that have come to differ come behind the others: nobody's place moves. */
  async #recount(): Promise<void> {
    const asked = this.sides;
    this.runs = await this.#seam.runs();
    const sides = asked ?? likelySides(this.runs);
    if (sides === null) return;
    const comparison = await this.#seam.compareSides(sides.first, sides.second);
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

  /** What was shown did not come to be: what the core has is shown again. */
  async #refused(image: ImageId, refusal: unknown): Promise<void> {
    const name = this.cardOf(image)?.name ?? null;
    this.#tell({ kind: "refused", refusal, image: name });
    try {
      await this.#images.read(image);
    } catch {
      // The first refusal is the one to tell of; what is stored here is the best there is.
    }
  }

  /** Reads what is in sight and not at hand, and selects what is to be decided first. */
  async #look(): Promise<void> {
    this.#selectFirst();
    const images = [this.index, this.index + 1, this.index - 1].flatMap((index) => this.queue[index] ?? []);
    const [first, ...beside] = images.filter((image) => !this.#images.get(image));
    const cards = this.#images.readCards(
      around(this.queue, this.index).filter((image) => this.cardOf(image) === undefined),
    );
    // What one looks at now comes before what one may look at next.
    if (first !== undefined) await this.#images.read(first);
    this.#selectFirst();
    await Promise.all([cards, ...beside.map((image) => this.#images.read(image))]);
    this.#images.forgetBeyond(new Set([...around(this.queue, this.index), ...this.#choosing.images]));
  }

  #selectFirst(): void {
    if (this.selected !== null || this.shown === null) return;
    const first = this.pairs.findIndex(isDifference);
    this.selected = undecided(this.shown)[0] ?? (first < 0 ? null : first);
  }

  /** Asks the core; a refusal is told. Whether there was none. */
  async #told(question: () => Promise<void>): Promise<boolean> {
    try {
      await question();
      return true;
    } catch (refusal) {
      this.#tell({ kind: "refused", refusal, image: null });
      return false;
    }
  }
}
