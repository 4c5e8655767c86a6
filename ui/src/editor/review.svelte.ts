/**
 * Review: a queue of images, the mark that is selected, and decisions.
 *
 * A decision shows at once and is stored behind the person's back, one after the other, so that two keys in quick
 * succession arrive in their order. The stored answer wins over what was shown. What changes marks is in `edits`;
 * drawing and keys are elsewhere.
 */
import type {
  Annotation,
  AnnotationId,
  CollectionId,
  Decision,
  DecisionScope,
  ImageCard,
  ImageId,
  RejectReason,
  StepId,
  Verdict,
} from "../ipc/bindings";
import type { Seam } from "../ipc/seam";
import { imagesWhere } from "../state/questions";
import { Asking, type Rejected } from "./asking.svelte";
import { QueueCards } from "./cards.svelte";
import { Edits, touchedIn } from "./edits.svelte";
import { Outbox } from "./outbox";
import { Pace } from "./pace";
import { byCertainty, proposalsOf, withDecision } from "./verdict";
import { Vocabulary } from "./vocabulary.svelte";

/** Neighbours to either side whose cards are at hand. */
export const NEIGHBOURS = 8;
/** How often cards are read again while marks change elsewhere. */
const REFRESH_MILLIS = 1000;

/** Something to tell the person. */
export type Notice =
  | { kind: "refused"; refusal: unknown; image: string | null }
  | { kind: "nothing_to_reject" }
  | { kind: "nothing_to_undo" | "nothing_to_undo_here" | "nothing_to_redo_here" }
  | { kind: "undone_elsewhere"; image: string }
  | { kind: "undone_on_many"; images: number };

export type ReviewSeam = Pick<
  Seam,
  | "imageIds"
  | "imageCards"
  | "decide"
  | "editMarks"
  | "undoLatest"
  | "undoOn"
  | "redoOn"
  | "runs"
  | "recipes"
  | "overview"
>;

export class Review {
  readonly #seam: ReviewSeam;
  readonly #tell: (notice: Notice) => void;
  readonly #now: () => number;

  queue = $state.raw<ImageId[]>([]);
  index = $state(0);
  /** Past the last image of the queue. */
  isAtEnd = $state(false);
  isLoaded = $state(false);
  /** Whether the latest reading was refused. */
  isUnread = $state(false);
  /** Nobody has chosen the images: they are those that nobody has reviewed, the most doubtful first. */
  isByDoubt = $state(false);
  selected = $state<AnnotationId | null>(null);
  areMarksHidden = $state(false);
  millisPerImage = $state<number | null>(null);

  readonly cards: QueueCards;
  readonly edits: Edits;
  readonly vocabulary: Vocabulary;
  readonly #outbox = new Outbox();
  readonly #asking = new Asking();
  readonly #pace = new Pace();
  readonly #scopes = new Map<StepId, DecisionScope>();
  #refreshTimer: ReturnType<typeof setTimeout> | undefined;
  /** Where the queue came from. */
  #source: unknown;

  readonly imageId = $derived<ImageId | null>(this.queue[this.index] ?? null);
  readonly card = $derived.by<ImageCard | null>(() =>
    this.imageId === null ? null : (this.cards.get(this.imageId) ?? null),
  );
  /** The least certain first. */
  readonly marks = $derived<Annotation[]>(this.card === null ? [] : byCertainty(this.card.marks));
  readonly visibleMarks = $derived<Annotation[]>(this.areMarksHidden ? [] : this.marks);
  readonly proposals = $derived(this.marks.filter((mark) => mark.status === "proposed"));
  readonly selectedMark = $derived<Annotation | null>(this.marks.find((mark) => mark.id === this.selected) ?? null);
  readonly unreviewedCount = $derived.by(() => this.cards.unreviewedCount);
  readonly reviewedCount = $derived(this.queue.length - this.unreviewedCount);
  readonly leftMillis = $derived(this.millisPerImage === null ? null : this.millisPerImage * this.unreviewedCount);

  constructor(seam: ReviewSeam, tell: (notice: Notice) => void, now: () => number = Date.now) {
    this.#seam = seam;
    this.cards = new QueueCards(seam);
    this.vocabulary = new Vocabulary(seam);
    this.edits = new Edits(seam, this.cards, this.#outbox, this.vocabulary, {
      began: () => {
        this.#asking.end();
        this.cards.decided();
      },
      arrived: (card, selected) => this.#arrived(card, selected),
      nothing: (kind) => tell({ kind }),
      refused: (image, refusal) => this.#refused(image, refusal),
    });
    this.#tell = tell;
    this.#now = now;
  }

  /** Begins with these images, at the one given or the first that nobody has reviewed. */
  async open(queue: ImageId[], at: ImageId | null = null): Promise<void> {
    this.queue = queue;
    this.selected = null;
    this.isAtEnd = false;
    this.index = Math.max(0, at === null ? 0 : queue.indexOf(at));
    await this.#told(() => this.cards.count(queue));
    if (at === null) {
      this.index = Math.max(
        0,
        queue.findIndex((image) => this.cards.isUnreviewed(image)),
      );
    }
    await this.#told(() => this.cards.fetchAgain(this.#around()));
    this.isLoaded = true;
    this.#pace.begin(this.#now());
  }

  /** What somebody chose to review elsewhere in the window. Coming back to it changes nothing. */
  async openFrom(chosen: { ids: ImageId[]; index: number }): Promise<void> {
    if (this.#source === chosen) return;
    this.#source = chosen;
    this.isByDoubt = false;
    await this.open(chosen.ids, chosen.ids[chosen.index] ?? null);
  }

  /**
   * Every image that nobody has reviewed, the most doubtful first. Coming back stays where one was, among those that one
   * has reviewed since, unless there are other images by now.
   */
  async openAll(collection: CollectionId | null): Promise<void> {
    const query = { ...imagesWhere([{ kind: "image", state: "unreviewed" }], "doubt"), collection };
    try {
      const ids = await this.#seam.imageIds(query);
      const queued = new Set(this.queue);
      const isAnother = this.#source !== collection || ids.some((image) => !queued.has(image));
      this.#source = collection;
      this.isByDoubt = true;
      this.isUnread = false;
      if (isAnother || this.isAtEnd) await this.open(ids);
    } catch (refusal) {
      this.isUnread = true;
      this.#tell({ kind: "refused", refusal, image: null });
    }
    this.isLoaded = true;
  }

  /** Marks may have changed: reads the cards in sight again, at most once in a while. */
  refreshSoon(): void {
    this.#refreshTimer ??= setTimeout(() => {
      this.#refreshTimer = undefined;
      if (this.#outbox.isEmpty) void this.refresh();
    }, REFRESH_MILLIS);
  }

  /** Reads again what may have changed while nobody looked. */
  async refresh(): Promise<void> {
    if (this.queue.length === 0) return;
    await this.#told(() => this.cards.fetchAgain(this.#around()));
    await this.#told(() => this.cards.count(this.queue));
  }

  /** The latest rejection, while it can be given a reason and a little longer. */
  get rejected(): Rejected | null {
    return this.#asking.rejected;
  }

  /** Another place in the queue; beyond its end is the end. */
  goTo(index: number): void {
    if (this.queue.length === 0) return;
    this.isAtEnd = index >= this.queue.length;
    this.index = Math.min(this.queue.length - 1, Math.max(0, index));
    this.selected = null;
    void this.#told(() => this.cards.fetch(this.#around()));
  }

  next(): void {
    this.goTo(this.index + 1);
  }

  previous(): void {
    this.goTo(this.isAtEnd ? this.index : this.index - 1);
  }

  /** The next image that nobody has reviewed, from here on and around. */
  goToUnreviewed(): void {
    const count = this.queue.length;
    for (let step = 0; step < count; step += 1) {
      const index = (this.index + 1 + step) % count;
      const image = this.queue[index];
      if (image !== undefined && this.cards.isUnreviewed(image)) {
        this.goTo(index);
        return;
      }
    }
  }

  select(mark: AnnotationId | null): void {
    this.selected = mark;
  }

  /** The next mark of the list, or the one before it; from none, the first that waits for a decision. */
  selectNext(step: 1 | -1): void {
    const count = this.marks.length;
    if (count === 0) return;
    const place = this.marks.findIndex((mark) => mark.id === this.selected);
    if (place < 0) {
      const first = step === 1 ? (this.proposals[0] ?? this.marks[0]) : this.marks[count - 1];
      this.selected = first?.id ?? null;
    } else {
      this.selected = this.marks[(place + step + count) % count]?.id ?? null;
    }
  }

  accept(): void {
    this.#decideHere({ kind: "accept" }, this.selectedMark);
  }

  reject(): void {
    this.#decideHere({ kind: "reject", reason: null }, this.selectedMark);
  }

  decideMark(mark: Annotation, verdict: Verdict): void {
    this.#decideHere(verdict, mark);
  }

  /** Leaves the image as it is. */
  skip(): void {
    if (!this.isAtEnd) this.next();
  }

  /** Takes the latest decision back and returns to its image. */
  undo(): void {
    this.#asking.end();
    this.cards.decided();
    this.#outbox.put(null, async () => {
      try {
        const undone = await this.#seam.undoLatest();
        if (undone === null) {
          this.#tell({ kind: "nothing_to_undo" });
          return;
        }
        this.cards.decided();
        if (!this.#outbox.isAbout(undone.image.id)) this.#arrived(undone.image);
        if (undone.others > 0) {
          this.#tell({ kind: "undone_on_many", images: undone.others + 1 });
          await this.refresh();
        }
        const index = this.queue.indexOf(undone.image.id);
        if (index < 0) {
          this.#tell({ kind: "undone_elsewhere", image: undone.image.name });
          return;
        }
        const scope = this.#scopes.get(undone.id);
        this.goTo(index);
        if (scope === undefined) this.selected = touchedIn(undone) ?? null;
        else this.selected = scope.kind === "mark" ? scope.id : null;
      } catch (refusal) {
        this.#tell({ kind: "refused", refusal, image: null });
      }
    });
  }

  /** Says why the latest rejection was one: it is decided again, with the reason. */
  giveReason(reason: RejectReason): void {
    const rejected = this.#asking.answer(reason);
    if (rejected === null) return;
    this.cards.decided();
    this.#outbox.put(rejected.image, async () => {
      if (!(await rejected.stored)) return;
      // Undone and made again, so that it stays one step for undo.
      try {
        const { image, scope } = rejected;
        await this.#seam.undoOn(image);
        await this.#store({ image, scope, verdict: { kind: "reject", reason } });
      } catch (refusal) {
        await this.#refused(rejected.image, refusal);
      }
    });
  }

  /** When all that was done so far is stored. */
  settled(): Promise<void> {
    return this.#outbox.settled();
  }

  /** Nobody looks any more. */
  rest(): void {
    this.#outbox.flush();
    this.#asking.end();
    clearTimeout(this.#refreshTimer);
    this.#refreshTimer = undefined;
  }

  #decideHere(verdict: Verdict, mark: Annotation | null): void {
    const card = this.card;
    if (card === null || this.isAtEnd) return;
    const waiting = proposalsOf(card).length;
    if (mark === null && waiting === 0) {
      if (verdict.kind === "reject") {
        this.#tell({ kind: "nothing_to_reject" });
        return;
      }
      if (card.review !== "unreviewed") {
        this.next();
        return;
      }
    }
    this.#asking.end();
    const isSaid = mark !== null && mark.status === (verdict.kind === "accept" ? "accepted" : "rejected");
    // Nothing is left to say of the mark, and nobody has said yet that the image is done.
    const mayEnd = verdict.kind === "accept" && waiting === 0 && card.review === "unreviewed";
    const isAboutImage = mark === null || (isSaid && mayEnd);
    if (!isSaid || isAboutImage) {
      const scope: DecisionScope = isAboutImage ? { kind: "image" } : { kind: "mark", id: mark.id };
      const stored = this.#decide(card, { image: card.id, scope, verdict });
      if (verdict.kind === "reject") {
        const marks = mark === null ? waiting : 1;
        this.#asking.begin({ image: card.id, name: card.name, scope, marks, reason: null, stored });
      }
    }
    this.#moveOn(mark, waiting > 0 || isSaid);
  }

  /** After a decision: the next proposal when marks are decided one by one, otherwise the next image. */
  #moveOn(mark: Annotation | null, mayLeave: boolean): void {
    const left = this.proposals;
    if (mark === null || (left.length === 0 && mayLeave)) {
      this.next();
    } else if (this.selected === mark.id && left.length > 0) {
      const place = this.marks.findIndex(({ id }) => id === mark.id);
      const after = [...this.marks.slice(place + 1), ...this.marks.slice(0, place)];
      this.selected = after.find(({ status }) => status === "proposed")?.id ?? null;
    }
  }

  #decide(card: ImageCard, decision: Decision): Promise<boolean> {
    this.cards.decided();
    const shown = withDecision(card, decision);
    if (card.review === "unreviewed" && shown.review !== "unreviewed") {
      this.#pace.decided(this.#now());
      this.millisPerImage = this.#pace.millisPerImage;
    }
    this.cards.put(shown);
    return new Promise((stored) => {
      this.#outbox.put(card.id, async () => {
        try {
          await this.#store(decision);
          stored(true);
        } catch (refusal) {
          stored(false);
          await this.#refused(card.id, refusal, card);
        }
      });
    });
  }

  async #store(decision: Decision): Promise<void> {
    const { scope } = decision;
    const named: DecisionScope = scope.kind === "mark" ? { ...scope, id: this.edits.idOf(scope.id) } : scope;
    const decided = await this.#seam.decide({ ...decision, scope: named });
    this.#scopes.set(decided.id, named);
    // Something later on the same image is on its way: its answer will say more.
    if (this.#outbox.isLast(decision.image)) this.#arrived(decided.image);
  }

  async #refused(image: ImageId, refusal: unknown, before?: ImageCard): Promise<void> {
    this.#asking.end();
    const name = this.cards.get(image)?.name ?? null;
    try {
      const [stored] = await this.#seam.imageCards([image]);
      if (stored) this.#arrived(stored);
    } catch {
      // The first refusal is the one to tell of; what was shown before it is the best there is.
      if (before) this.cards.put(before);
    }
    this.#tell({ kind: "refused", refusal, image: name });
  }

  /** An image as it is stored: marks have the core's names now, and some may be gone. */
  #arrived(card: ImageCard, selected?: AnnotationId | null): void {
    this.cards.put(card);
    if (card.id !== this.imageId) return;
    const wanted = selected === undefined ? this.selected : selected;
    const id = wanted === null ? null : this.edits.idOf(wanted);
    this.selected = card.marks.some((mark) => mark.id === id) ? id : null;
  }

  /** The images in the strip of neighbours. */
  #around(): ImageId[] {
    return this.queue.slice(Math.max(0, this.index - NEIGHBOURS), this.index + NEIGHBOURS + 1);
  }

  /** Asks the core; a refusal is told. */
  async #told(question: () => Promise<void>): Promise<void> {
    try {
      await question();
      this.isUnread = false;
    } catch (refusal) {
      this.isUnread = true;
      this.#tell({ kind: "refused", refusal, image: null });
    }
  }
}
