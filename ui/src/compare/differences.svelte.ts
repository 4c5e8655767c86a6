/**
 * The images on which two sides differ, the difference that is selected, and what is chosen.
 *
 * A choice shows at once and is stored behind the person's back, one after the other. What it changes is worked out when
 * its turn comes, of what the core has by then: a mark that was just adopted has its number only after the core has
 * taken it. What the core says wins over what was shown.
 */
import { SvelteMap, SvelteSet } from "svelte/reactivity";

import type { Comparison, ComparedPair, ImageCard, ImageId, RunSummary, StepId } from "../ipc/bindings";
import type { Seam } from "../ipc/seam";
import {
  type Choice,
  choiceOf,
  type Compared,
  isDifference,
  mayTakeBoth,
  type Move,
  movesFor,
  movesForAgreed,
  type Sides,
  undecided,
  withMoves,
  withStep,
} from "./choices";
import { areSameSides, likelySides } from "./sides";

/** Neighbours to either side whose cards are at hand. */
export const NEIGHBOURS = 8;
/** Images whose pairs are kept beyond those in sight. */
const MOST_KEPT = 60;
/** How often cards are read again while marks change elsewhere. */
const REFRESH_MILLIS = 1000;

/** Something to tell the person. */
export type Notice =
  | { kind: "refused"; refusal: unknown; image: string | null }
  | { kind: "nothing_to_undo" }
  | { kind: "undone_elsewhere"; image: string };

export type DifferencesSeam = Pick<
  Seam,
  "runs" | "compareSides" | "compareImage" | "imageCards" | "editMarks" | "decide" | "undoLatest"
>;

/** A choice on its way to the core. */
interface Waiting {
  image: ImageId;
  /** The pair that it is about; null for all that both agree on. */
  place: number | null;
  moves: (compared: Compared) => Move[];
}

export class Differences {
  readonly #seam: DifferencesSeam;
  readonly #tell: (notice: Notice) => void;

  /** The newest first. */
  runs = $state.raw<RunSummary[]>([]);
  sides = $state.raw<Sides | null>(null);
  comparison = $state.raw<Comparison | null>(null);
  /** Until the core has answered, and whether it has not. */
  isComparing = $state(true);
  hasFailed = $state(false);
  index = $state(0);
  /** Past the last image of the queue. */
  isAtEnd = $state(false);
  /** Place among the pairs of the image. */
  selected = $state<number | null>(null);
  areAgreedHidden = $state(false);

  readonly #stored = new SvelteMap<ImageId, Compared>();
  readonly #cards = new SvelteMap<ImageId, ImageCard>();
  readonly #settled = new SvelteSet<ImageId>();
  #waiting = $state.raw<readonly Waiting[]>([]);
  readonly #places = new Map<StepId, number | null>();
  /** Grows with every choice: what was asked before it is stale. */
  #edition = 0;
  #tail: Promise<void> = Promise.resolve();
  #refreshTimer: ReturnType<typeof setTimeout> | undefined;

  readonly queue = $derived<ImageId[]>(this.comparison?.differing ?? []);
  readonly imageId = $derived<ImageId | null>(this.queue[this.index] ?? null);
  readonly shown = $derived<Compared | null>(this.imageId === null ? null : this.#asShown(this.imageId));
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
  readonly settledCount = $derived(this.queue.filter((image) => this.#settled.has(image)).length);

  constructor(seam: DifferencesSeam, tell: (notice: Notice) => void) {
    this.#seam = seam;
    this.#tell = tell;
  }

  /** Begins with these sides, or with likely ones. Coming back to the same stays where one was. */
  async open(wanted: Sides | null): Promise<void> {
    this.isComparing = true;
    this.hasFailed = !(await this.#told(async () => {
      this.runs = await this.#seam.runs();
      const sides = wanted ?? this.sides ?? likelySides(this.runs);
      if (sides !== null) await this.#compare(sides);
    }));
    this.isComparing = false;
  }

  async #compare(sides: Sides): Promise<void> {
    const image = areSameSides(sides, this.sides) ? this.imageId : null;
    const isAnother = image === null;
    this.sides = sides;
    if (isAnother) this.comparison = null;
    await this.#tail;
    const comparison = await this.#seam.compareSides(sides.first, sides.second);
    // Somebody has chosen others in the meantime.
    if (this.sides !== sides) return;
    this.#edition += 1;
    this.#stored.clear();
    if (isAnother) this.#settled.clear();
    this.selected = null;
    this.comparison = comparison;
    this.index = Math.max(0, image === null ? 0 : comparison.differing.indexOf(image));
    this.isAtEnd = this.isAtEnd && !isAnother;
    await this.#look();
  }

  /** What is known of an image in the strip. */
  cardOf(image: ImageId): ImageCard | undefined {
    return this.#asShown(image)?.card ?? this.#cards.get(image);
  }

  /** Whether every difference on it is decided, as far as somebody has looked. */
  isSettled(image: ImageId): boolean {
    return this.#settled.has(image);
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
      if (!this.#settled.has(this.queue[index] as ImageId)) {
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
    if (movesFor(shown, place, choice).length > 0)
      this.#deliver({ image, place, moves: (compared) => movesFor(compared, place, choice) });
    else if (this.choice === null) this.#pass(image, place);
    const left = this.shown === null ? [] : undecided(this.shown);
    const following = left.find((other) => other > place) ?? left[0];
    if (following === undefined) this.next();
    else this.selected = following;
  }

  /** Accepts what both agree on and goes on, whatever differs. An image with nothing left to decide is reviewed. */
  acceptAgreed(): void {
    const { imageId: image, shown } = this;
    if (image === null || shown === null || this.isAtEnd) return;
    if (this.agreedOpen > 0 || waitsForItsReview(shown)) this.#deliver({ image, place: null, moves: movesForAgreed });
    this.next();
  }

  /** Takes the latest step back and returns to its image. */
  undo(): void {
    this.#enqueue(async () => {
      try {
        const undone = await this.#seam.undoLatest();
        if (undone === null) {
          this.#tell({ kind: "nothing_to_undo" });
          return;
        }
        this.#edition += 1;
        const { id: image, name } = undone.image;
        const known = this.#stored.get(image);
        if (undone.others > 0) this.#stored.clear();
        else if (known) this.#put({ ...known, card: undone.image });
        const index = this.queue.indexOf(image);
        if (index < 0) {
          this.#tell({ kind: "undone_elsewhere", image: name });
          return;
        }
        this.goTo(index);
        this.selected = this.#places.get(undone.id) ?? this.selected;
      } catch (refusal) {
        this.#tell({ kind: "refused", refusal, image: null });
      }
    });
  }

  /** When everything so far is stored. */
  settled(): Promise<void> {
    return this.#tail;
  }

  /** Marks may have changed elsewhere: reads the cards in sight again, at most once in a while. */
  refreshSoon(): void {
    this.#refreshTimer ??= setTimeout(() => {
      this.#refreshTimer = undefined;
      if (this.#waiting.length === 0) void this.#told(() => this.#readCards(this.#around()));
    }, REFRESH_MILLIS);
  }

  /** Nobody looks any more. */
  rest(): void {
    clearTimeout(this.#refreshTimer);
    this.#refreshTimer = undefined;
  }

  #pass(image: ImageId, place: number): void {
    const stored = this.#stored.get(image);
    if (stored) this.#put({ ...stored, passed: new Set([...stored.passed, place]) });
  }

  #deliver(waiting: Waiting): void {
    this.#edition += 1;
    this.#waiting = [...this.#waiting, waiting];
    this.#enqueue(async () => {
      try {
        await this.#store(waiting);
      } catch (refusal) {
        await this.#refused(waiting.image, refusal);
      } finally {
        this.#waiting = this.#waiting.filter((each) => each !== waiting);
      }
    });
  }

  async #store({ image, place, moves: movesOf }: Waiting): Promise<void> {
    const stored = this.#stored.get(image);
    if (!stored) return;
    const moves = movesOf(stored);
    if (moves.length === 0 && (place !== null || !waitsForItsReview(stored))) return;
    const step =
      moves.length > 0
        ? await this.#seam.editMarks({ image, changes: moves.map(({ change }) => change) })
        : await this.#seam.decide({ image, scope: { kind: "image" }, verdict: { kind: "accept" } });
    this.#edition += 1;
    this.#places.set(step.id, place);
    this.#put(withStep(this.#stored.get(image) ?? stored, moves, step));
  }

  /** What was shown did not come to be: what the core has is shown again. */
  async #refused(image: ImageId, refusal: unknown): Promise<void> {
    const name = this.cardOf(image)?.name ?? null;
    this.#tell({ kind: "refused", refusal, image: name });
    try {
      await this.#read(image);
    } catch {
      // The first refusal is the one to tell of; what is stored here is the best there is.
    }
  }

  /** Reads what is in sight and not at hand, and selects what is to be decided first. */
  async #look(): Promise<void> {
    this.#selectFirst();
    const images = [this.index, this.index + 1, this.index - 1].flatMap((index) => this.queue[index] ?? []);
    const [first, ...beside] = images.filter((image) => !this.#stored.has(image));
    const cards = this.#readCards(this.#around().filter((image) => this.cardOf(image) === undefined));
    // What one looks at now comes before what one may look at next.
    if (first !== undefined) await this.#read(first);
    this.#selectFirst();
    await Promise.all([cards, ...beside.map((image) => this.#read(image))]);
    this.#forget();
  }

  #selectFirst(): void {
    if (this.selected !== null || this.shown === null) return;
    const first = this.pairs.findIndex(isDifference);
    this.selected = undecided(this.shown)[0] ?? (first < 0 ? null : first);
  }

  async #read(image: ImageId): Promise<void> {
    const { sides } = this;
    if (sides === null) return;
    const edition = this.#edition;
    const [[card], pairs] = await Promise.all([
      this.#seam.imageCards([image]),
      this.#seam.compareImage(image, sides.first, sides.second),
    ]);
    const isStale = this.sides !== sides || (edition !== this.#edition && this.#stored.has(image));
    if (card && !isStale) this.#put({ sides, card, pairs, passed: this.#stored.get(image)?.passed ?? new Set() });
  }

  async #readCards(images: ImageId[]): Promise<void> {
    if (images.length === 0) return;
    const edition = this.#edition;
    const cards = await this.#seam.imageCards(images);
    for (const card of cards) {
      this.#cards.set(card.id, card);
      const stored = this.#stored.get(card.id);
      if (stored && edition === this.#edition) this.#put({ ...stored, card });
    }
  }

  #put(compared: Compared): void {
    const { id } = compared.card;
    this.#stored.set(id, compared);
    if (undecided(compared).length === 0) this.#settled.add(id);
    else this.#settled.delete(id);
  }

  /** What is stored, with the choices on their way. */
  #asShown(image: ImageId): Compared | null {
    const stored = this.#stored.get(image);
    if (!stored) return null;
    return this.#waiting
      .filter((each) => each.image === image)
      .reduce((compared, { moves }) => withMoves(compared, moves(compared)), stored);
  }

  #forget(): void {
    if (this.#stored.size <= MOST_KEPT) return;
    const kept = new Set([...this.#around(), ...this.#waiting.map(({ image }) => image)]);
    for (const image of [...this.#stored.keys()]) if (!kept.has(image)) this.#stored.delete(image);
    for (const image of [...this.#cards.keys()]) if (!kept.has(image)) this.#cards.delete(image);
  }

  /** The images in the strip. */
  #around(): ImageId[] {
    return this.queue.slice(Math.max(0, this.index - NEIGHBOURS), this.index + NEIGHBOURS + 1);
  }

  #enqueue(step: () => Promise<void>): void {
    this.#tail = this.#tail.then(step);
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

/** Every mark is decided, and the image still counts as not reviewed. */
function waitsForItsReview({ card }: Compared): boolean {
  return card.review === "unreviewed" && !card.marks.some(({ status }) => status === "proposed");
}
