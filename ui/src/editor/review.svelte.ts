/**
 * Review: a queue of images and the annotations that are selected.
 *
 * What is decided is in `decisions`, what changes annotations in `edits`: both show at once and are stored behind the person's
 * back, one after the other, so that two keys in quick succession arrive in their order. Drawing and keys are elsewhere.
 */
import type {
  Annotation,
  AnnotationId,
  CollectionId,
  ImageCard,
  ImageId,
  ImageQuery,
  LayerScope,
  RunId,
} from "../ipc/bindings";
import type { Seam } from "../ipc/seam";
import { around } from "../photo/neighbours";
import { ALL_LAYERS, areSameLayers } from "../state/layers";
import { imagesWhere } from "../state/questions";
import { Refreshing } from "../state/refreshing";
import { QueueCards } from "./cards.svelte";
import { Decisions } from "./decisions.svelte";
import { Edits } from "./edits.svelte";
import { Footprints } from "./footprints";
import { Outbox } from "./outbox";
import { AnnotationSelection } from "./selection.svelte";
import { byCertainty } from "./verdict";
import { Vocabulary } from "./vocabulary.svelte";

/** How often cards are read again while annotations change elsewhere. */
const REFRESH_MILLIS = 1000;

/** Something to tell the person. */
export type Notice =
  | { kind: "refused"; refusal: unknown; image: string | null }
  | { kind: "nothing_to_reject" }
  | { kind: "nothing_to_undo" | "nothing_to_undo_here" | "nothing_to_redo_here" }
  | { kind: "undone_elsewhere"; image: string }
  | { kind: "undone_on_many" | "redone_on_many"; images: number };

export type ReviewSeam = Pick<
  Seam,
  | "imageIds"
  | "imageCards"
  | "decide"
  | "editAnnotations"
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

  queue = $state.raw<ImageId[]>([]);
  index = $state(0);
  /** Past the last image of the queue. */
  isAtEnd = $state(false);
  isLoaded = $state(false);
  /** Whether the latest reading of the queue was refused. */
  isUnread = $state(false);
  /** Nobody has chosen the images: they are those that nobody has reviewed, the most doubtful first. */
  isByDoubt = $state(false);
  areAnnotationsHidden = $state(false);

  readonly cards: QueueCards;
  readonly edits: Edits;
  readonly decisions: Decisions;
  readonly vocabulary: Vocabulary;
  readonly #outbox = new Outbox();
  readonly #footprints = new Footprints();
  readonly #refreshing = new Refreshing(REFRESH_MILLIS, async () => {
    if (this.#outbox.isEmpty) await this.refresh();
  });
  /** Where the queue came from. */
  #source: unknown;
  /** What finds the images; null when they were picked one by one. */
  #query: ImageQuery | null = null;
  /** Images that were shown since review was opened: they stay in the queue whatever they have become. */
  readonly #visited = new Set<ImageId>();
  #layers: LayerScope = ALL_LAYERS;
  /** The run that review was opened for. */
  #run = $state<RunId | null>(null);

  readonly imageId = $derived<ImageId | null>(this.queue[this.index] ?? null);
  readonly card = $derived.by<ImageCard | null>(() =>
    this.imageId === null ? null : (this.cards.get(this.imageId) ?? null),
  );
  /** The least certain first. */
  readonly annotations = $derived<Annotation[]>(this.card === null ? [] : byCertainty(this.card.annotations));
  readonly visibleAnnotations = $derived<Annotation[]>(this.areAnnotationsHidden ? [] : this.annotations);
  /** Whether there is nothing to show of the image because its reading was refused. */
  readonly areAnnotationsUnread = $derived.by(
    () => this.card === null && this.imageId !== null && this.cards.isUnread(this.imageId),
  );
  readonly proposals = $derived(this.annotations.filter((annotation) => annotation.status === "proposed"));
  readonly selection = new AnnotationSelection(() => this.annotations);
  readonly selectedAnnotations = $derived(this.selection.annotations);
  /** The one that is selected; null when there is none, or several. */
  readonly selectedAnnotation = $derived(this.selection.one);
  readonly selected = $derived<AnnotationId | null>(this.selectedAnnotation?.id ?? null);
  readonly unreviewedCount = $derived.by(() => this.cards.unreviewedCount);
  /** Null while it is not known. */
  readonly reviewedCount = $derived(this.unreviewedCount === null ? null : this.queue.length - this.unreviewedCount);

  constructor(seam: ReviewSeam, tell: (notice: Notice) => void, now: () => number = Date.now) {
    this.#seam = seam;
    this.cards = new QueueCards(seam);
    this.vocabulary = new Vocabulary(seam, () => ({ run: this.#run, annotations: this.card?.annotations ?? [] }));
    const footprints = this.#footprints;
    this.edits = new Edits(seam, this.cards, this.#outbox, this.vocabulary, footprints, {
      began: () => {
        this.decisions.endAsking();
        this.cards.decided();
      },
      arrived: (card, selected) => this.#arrived(card, selected),
      travelled: async (direction, { image, others }) => {
        this.cards.decided();
        tell({ kind: `${direction}_on_many`, images: others + 1 });
        if (!this.#outbox.isAbout(image.id)) this.#arrived(image);
        await this.refresh();
      },
      nothing: (kind) => tell({ kind }),
      refused: (image, refusal) => this.#refused(image, refusal),
    });
    this.decisions = new Decisions(seam, this, this.#outbox, footprints, {
      now,
      arrived: (card) => this.#arrived(card),
      nothingToReject: () => tell({ kind: "nothing_to_reject" }),
      refused: (image, refusal, before) => this.#refused(image, refusal, before),
    });
    this.#tell = tell;
  }

  /** Begins with these images, at the one given or the first that nobody has reviewed. */
  async open(queue: ImageId[], at: ImageId | null = null): Promise<void> {
    this.queue = queue;
    this.#visited.clear();
    this.select(null);
    this.isAtEnd = false;
    this.index = Math.max(0, at === null ? 0 : queue.indexOf(at));
    await this.#told(() => this.cards.count(queue));
    if (at === null) {
      this.index = Math.max(
        0,
        queue.findIndex((image) => this.cards.isUnreviewed(image)),
      );
    }
    this.#visit();
    await this.#told(() => this.cards.fetchAgain(around(this.queue, this.index)));
    this.isLoaded = true;
    this.decisions.begin();
  }

  /**
   * What a person chose to review elsewhere in the window. Coming back to it keeps the place. Other layers show other
   * annotations, by which other images may be found.
   */
  async openFrom(
    chosen: { ids: ImageId[]; index: number; query?: ImageQuery },
    layers: LayerScope = ALL_LAYERS,
  ): Promise<void> {
    const areLayersSame = this.#showLayers(layers);
    if (this.#source === chosen) {
      await (areLayersSame ? this.refresh() : this.#openAnew());
      return;
    }
    this.#source = chosen;
    this.#query = chosen.query ?? null;
    this.#run = chosen.query === undefined ? null : runOf(chosen.query);
    this.isByDoubt = false;
    await this.open(chosen.ids, chosen.ids[chosen.index] ?? null);
  }

  /**
   * Every image that nobody has reviewed, the most doubtful first. Coming back stays where one was, among those that one
   * has reviewed since and those that have been added.
   */
  async openAll(collection: CollectionId | null, layers: LayerScope = ALL_LAYERS): Promise<void> {
    const query = { ...imagesWhere([{ kind: "image", state: "unreviewed" }], "uncertainty"), collection };
    const areLayersSame = this.#showLayers(layers);
    const isSame = this.#source === collection && this.queue.length > 0 && !this.isAtEnd;
    this.#source = collection;
    this.#query = query;
    this.#run = null;
    this.isByDoubt = true;
    if (isSame) await (areLayersSame ? this.refresh() : this.#openAnew());
    else this.isUnread = !(await this.#told(async () => this.open(await this.#seam.imageIds(query))));
    this.isLoaded = true;
  }

  #showLayers(layers: LayerScope): boolean {
    const areSame = areSameLayers(layers, this.#layers);
    this.#layers = layers;
    return areSame;
  }

  /** Reads the queue again as the layers that are shown now find it, and stays at the image where that is possible. */
  async #openAnew(): Promise<void> {
    const query = this.#query;
    if (query === null) {
      await this.refresh();
      return;
    }
    const shown = this.imageId;
    this.isUnread = !(await this.#told(async () => {
      const found = await this.#seam.imageIds(query);
      await this.open(found, shown !== null && found.includes(shown) ? shown : null);
    }));
  }

  /** Annotations may have changed: reads the cards in sight again. */
  refreshSoon(): void {
    this.#refreshing.soon();
  }

  /** Reads again what may have changed while nobody looked. */
  async refresh(): Promise<void> {
    const { queue } = this;
    if (queue.length > 0) await this.#told(() => this.cards.fetchAgain(around(this.queue, this.index)));
    this.isUnread = !(await this.#told(() => this.#follow()));
    if (this.queue.length === 0) return;
    if (this.queue !== queue) await this.#told(() => this.cards.fetch(around(this.queue, this.index)));
    await this.#told(() => this.cards.count(this.queue));
  }

  /** Another place in the queue; beyond its end is the end. */
  goTo(index: number): void {
    if (this.queue.length === 0) return;
    this.isAtEnd = index >= this.queue.length;
    this.index = Math.min(this.queue.length - 1, Math.max(0, index));
    this.select(null);
    this.#visit();
    void this.#told(() => this.cards.fetch(around(this.queue, this.index)));
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

  select(annotation: AnnotationId | null): void {
    this.selection.set(annotation === null ? [] : [annotation]);
  }

  /** All that is in sight. What was rejected is done with, unless there is nothing else. */
  selectAll(): void {
    const standing = this.visibleAnnotations.filter(({ status }) => status !== "rejected");
    this.selection.set((standing.length > 0 ? standing : this.visibleAnnotations).map(({ id }) => id));
  }

  /** Leaves the image as it is. */
  skip(): void {
    if (!this.isAtEnd) this.next();
  }

  /** Takes the latest decision back and returns to its image. */
  undo(): void {
    this.decisions.endAsking();
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
        this.goTo(index);
        this.selection.set(this.#footprints.of(undone) ?? []);
      } catch (refusal) {
        this.#tell({ kind: "refused", refusal, image: null });
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
    this.decisions.endAsking();
    this.#refreshing.rest();
  }

  #visit(): void {
    if (this.imageId !== null) this.#visited.add(this.imageId);
  }

  /**
   * Takes in images that are found by now, behind the others, and leaves out those that are gone or not found any more. What
   * was shown or reviewed stays, and so does the place of the person.
   */
  async #follow(): Promise<void> {
    const { queue } = this;
    // What is new comes last anyway: no other order is worth looking for.
    const found = this.#query === null ? [] : await this.#seam.imageIds({ ...this.#query, order: "added" });
    const isFound = new Set(found);
    let kept: readonly ImageId[] = queue;
    if (queue.some((image) => !isFound.has(image))) {
      const exists = new Set(await this.#seam.imageIds(imagesWhere([])));
      const stays = (image: ImageId) => this.#visited.has(image) || !this.cards.isUnreviewed(image);
      kept = queue.filter((image) => exists.has(image) && (this.#query === null || isFound.has(image) || stays(image)));
    }
    const isQueued = new Set(queue);
    const added = found.filter((image) => !isQueued.has(image));
    // Another review was opened meanwhile.
    if (this.queue !== queue || (added.length === 0 && kept.length === queue.length)) return;
    if (queue.length === 0) {
      await this.open(this.#query === null ? added : await this.#seam.imageIds(this.#query));
      return;
    }
    const shown = this.imageId;
    this.queue = [...kept, ...added];
    const place = shown === null ? -1 : this.queue.indexOf(shown);
    this.index = place >= 0 ? place : Math.max(0, Math.min(this.index, this.queue.length - 1));
    this.#visit();
  }

  async #refused(image: ImageId, refusal: unknown, before?: ImageCard): Promise<void> {
    this.decisions.endAsking();
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

  /** An image as it is stored: annotations have the core's names now, and some may be gone. */
  #arrived(card: ImageCard, selected?: readonly AnnotationId[]): void {
    this.cards.put(card);
    if (card.id !== this.imageId) return;
    const wanted = new Set([...(selected ?? this.selection.ids)].map((id) => this.edits.idOf(id)));
    this.selection.set(card.annotations.flatMap(({ id }) => (wanted.has(id) ? id : [])));
  }

  /** Asks the core; a refusal is told. Says whether there was an answer. */
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

/** The run whose images were asked for; null when none was, or several. */
function runOf({ conditions }: ImageQuery): RunId | null {
  const runs = conditions.flatMap(({ test, is_excluded }) => (test.kind === "run" && !is_excluded ? [test.run] : []));
  return runs.length === 1 ? (runs[0] ?? null) : null;
}
