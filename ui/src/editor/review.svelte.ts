/**
 * Review: a queue of images and the selected annotations. `decisions` decides, `edits` changes annotations; both show
 * the result at once and store it in the background, in order. Drawing and keys are elsewhere.
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
} from "../api/bindings";
import type { Core } from "../api/core";
import { around } from "../photo/neighbours";
import { ALL_LAYERS, areSameLayers } from "../state/layers";
import { imagesWhere } from "../state/questions";
import { Refreshing } from "../state/refreshing";
import { AnnotationFilter } from "./annotationFilter.svelte";
import { QueueCards } from "./cards.svelte";
import { Decisions } from "./decisions.svelte";
import { Edits } from "./edits.svelte";
import { StepAnnotations } from "./stepAnnotations";
import { Outbox } from "./outbox";
import { AnnotationSelection } from "./selection.svelte";
import { byCertainty } from "./verdict";
import { Vocabulary } from "./vocabulary.svelte";

/** How often cards are refreshed while annotations change elsewhere. */
const REFRESH_MILLIS = 1000;

/** A message for the user. */
export type Notice =
  | { kind: "refused"; refusal: unknown; image: string | null }
  | { kind: "nothing_to_reject" }
  | { kind: "nothing_to_undo" | "nothing_to_redo" | "nothing_to_undo_here" | "nothing_to_redo_here" }
  | { kind: "undone_elsewhere" | "redone_elsewhere"; image: string }
  | { kind: "undone_on_many" | "redone_on_many"; images: number };

export type ReviewCore = Pick<
  Core,
  | "imageIds"
  | "imageCards"
  | "decide"
  | "editAnnotations"
  | "undoLatest"
  | "redoLatest"
  | "undoOn"
  | "redoOn"
  | "runs"
  | "recipes"
  | "overview"
>;

export class Review {
  readonly #core: ReviewCore;
  readonly #notify: (notice: Notice) => void;

  queue = $state.raw<ImageId[]>([]);
  index = $state(0);
  isAtEnd = $state(false);
  isLoaded = $state(false);
  /** Whether the latest request for the queue failed. */
  isUnread = $state(false);
  /** The default queue: all unreviewed images, most uncertain first. */
  isByUncertainty = $state(false);

  readonly filter = new AnnotationFilter();
  readonly cards: QueueCards;
  readonly edits: Edits;
  readonly decisions: Decisions;
  readonly vocabulary: Vocabulary;
  readonly #outbox = new Outbox();
  readonly #stepAnnotations = new StepAnnotations();
  readonly #refreshing = new Refreshing(REFRESH_MILLIS, async () => {
    if (this.#outbox.isEmpty) await this.refresh();
  });
  /** Identifies where the queue came from. */
  #source: unknown;
  /** The query behind the queue; null if images were picked individually. */
  #query: ImageQuery | null = null;
  /** Undo and redo steps that are not finished. */
  #pendingSteps = 0;
  /** Images shown since review was opened. They stay in the queue. */
  readonly #visited = new Set<ImageId>();
  #layers: LayerScope = ALL_LAYERS;
  /** The run that review was opened for. */
  #run = $state<RunId | null>(null);

  readonly imageId = $derived<ImageId | null>(this.queue[this.index] ?? null);
  readonly card = $derived.by<ImageCard | null>(() =>
    this.imageId === null ? null : (this.cards.get(this.imageId) ?? null),
  );
  /** Least certain first. */
  readonly annotations = $derived<Annotation[]>(this.card === null ? [] : byCertainty(this.card.annotations));
  readonly #passing = $derived(this.annotations.filter((annotation) => this.filter.passes(annotation)));
  readonly visibleAnnotations = $derived<Annotation[]>(this.filter.hidesAll ? [] : this.#passing);
  /** Number of annotations that are hidden by label or confidence. */
  readonly hiddenCount = $derived(this.annotations.length - this.#passing.length);
  /** Whether the annotations could not be loaded. */
  readonly areAnnotationsUnread = $derived.by(
    () => this.card === null && this.imageId !== null && this.cards.isUnread(this.imageId),
  );
  readonly proposals = $derived(this.annotations.filter((annotation) => annotation.status === "proposed"));
  /** Hidden proposals: a decision about the image includes them. */
  readonly hiddenProposals = $derived(this.proposals.filter((annotation) => !this.filter.passes(annotation)).length);
  readonly selection = new AnnotationSelection(
    () => this.annotations,
    () => this.#passing,
  );
  readonly selectedAnnotations = $derived(this.selection.annotations);
  /** The selected annotation; null if none or several are. */
  readonly selectedAnnotation = $derived(this.selection.one);
  readonly selected = $derived<AnnotationId | null>(this.selectedAnnotation?.id ?? null);
  readonly unreviewedCount = $derived.by(() => this.cards.unreviewedCount);
  /** Null if unknown. */
  readonly reviewedCount = $derived(this.unreviewedCount === null ? null : this.queue.length - this.unreviewedCount);

  constructor(core: ReviewCore, notify: (notice: Notice) => void, now: () => number = Date.now) {
    this.#core = core;
    this.cards = new QueueCards(core);
    this.vocabulary = new Vocabulary(core, () => ({ run: this.#run, annotations: this.card?.annotations ?? [] }));
    const stepAnnotations = this.#stepAnnotations;
    this.edits = new Edits(core, this.cards, this.#outbox, this.vocabulary, stepAnnotations, {
      began: () => {
        this.decisions.hideReasonPrompt();
        this.cards.decided();
      },
      arrived: (card, selected) => this.#arrived(card, selected),
      movedElsewhere: async (direction, { image, others }) => {
        this.cards.decided();
        notify({ kind: `${direction}_on_many`, images: others + 1 });
        if (!this.#outbox.isAbout(image.id)) this.#arrived(image);
        await this.refresh();
      },
      nothing: (kind) => notify({ kind }),
      refused: (image, refusal) => this.#refused(image, refusal),
    });
    this.decisions = new Decisions(core, this, this.#outbox, stepAnnotations, {
      now,
      arrived: (card) => this.#arrived(card),
      nothingToReject: () => notify({ kind: "nothing_to_reject" }),
      refused: (image, refusal, before) => this.#refused(image, refusal, before),
    });
    this.#notify = notify;
  }

  /** Starts with these images, at the given one or the first unreviewed. */
  async open(queue: ImageId[], at: ImageId | null = null): Promise<void> {
    this.queue = queue;
    this.#visited.clear();
    this.select(null);
    this.isAtEnd = false;
    this.index = Math.max(0, at === null ? 0 : queue.indexOf(at));
    await this.#attempt(() => this.cards.count(queue));
    if (at === null) {
      this.index = Math.max(
        0,
        queue.findIndex((image) => this.cards.isUnreviewed(image)),
      );
    }
    this.#visit();
    await this.#attempt(() => this.cards.fetchAgain(around(this.queue, this.index)));
    this.isLoaded = true;
    this.decisions.begin();
  }

  /**
   * Reviews a queue chosen elsewhere in the window. Opening the same queue again keeps the position. Other layers have
   * other annotations and may match other images.
   */
  async openFrom(
    chosen: { ids: ImageId[]; index: number; query?: ImageQuery },
    layers: LayerScope = ALL_LAYERS,
  ): Promise<void> {
    const areLayersSame = this.#showLayers(layers);
    if (this.#source === chosen) {
      await (areLayersSame ? this.refresh() : this.#reopen());
      return;
    }
    this.#source = chosen;
    this.#query = chosen.query ?? null;
    this.#run = chosen.query === undefined ? null : runOf(chosen.query);
    this.isByUncertainty = false;
    await this.open(chosen.ids, chosen.ids[chosen.index] ?? null);
  }

  /**
   * Reviews all unreviewed images, most uncertain first. Opening it again keeps the position and the images reviewed
   * since, and adds new ones.
   */
  async openAll(collection: CollectionId | null, layers: LayerScope = ALL_LAYERS): Promise<void> {
    const query = { ...imagesWhere([{ kind: "image", state: "unreviewed" }], "uncertainty"), collection };
    const areLayersSame = this.#showLayers(layers);
    const isSame = this.#source === collection && this.queue.length > 0 && !this.isAtEnd;
    this.#source = collection;
    this.#query = query;
    this.#run = null;
    this.isByUncertainty = true;
    if (isSame) await (areLayersSame ? this.refresh() : this.#reopen());
    else this.isUnread = !(await this.#attempt(async () => this.open(await this.#core.imageIds(query))));
    this.isLoaded = true;
  }

  #showLayers(layers: LayerScope): boolean {
    const areSame = areSameLayers(layers, this.#layers);
    this.#layers = layers;
    return areSame;
  }

  /** Reloads the queue for the current layers and stays at the image if possible. */
  async #reopen(): Promise<void> {
    const query = this.#query;
    if (query === null) {
      await this.refresh();
      return;
    }
    const shown = this.imageId;
    this.isUnread = !(await this.#attempt(async () => {
      const found = await this.#core.imageIds(query);
      await this.open(found, shown !== null && found.includes(shown) ? shown : null);
    }));
  }

  /** Annotations may have changed: refreshes the visible cards. */
  refreshSoon(): void {
    this.#refreshing.soon();
  }

  /** Refreshes what may have changed while review was hidden. */
  async refresh(): Promise<void> {
    const { queue } = this;
    if (queue.length > 0) await this.#attempt(() => this.cards.fetchAgain(around(this.queue, this.index)));
    this.isUnread = !(await this.#attempt(() => this.#follow()));
    if (this.queue.length === 0) return;
    if (this.queue !== queue) await this.#attempt(() => this.cards.fetch(around(this.queue, this.index)));
    await this.#attempt(() => this.cards.count(this.queue));
  }

  /** An index past the end goes to the end. */
  goTo(index: number): void {
    if (this.queue.length === 0) return;
    this.isAtEnd = index >= this.queue.length;
    this.index = Math.min(this.queue.length - 1, Math.max(0, index));
    this.select(null);
    this.#visit();
    void this.#attempt(() => this.cards.fetch(around(this.queue, this.index)));
  }

  next(): void {
    this.goTo(this.index + 1);
  }

  previous(): void {
    this.goTo(this.isAtEnd ? this.index : this.index - 1);
  }

  /** The next unreviewed image, wrapping around. */
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

  /** Selects all visible annotations, without rejected ones unless there are no others. */
  selectAll(): void {
    const standing = this.visibleAnnotations.filter(({ status }) => status !== "rejected");
    this.selection.set((standing.length > 0 ? standing : this.visibleAnnotations).map(({ id }) => id));
  }

  skip(): void {
    if (!this.isAtEnd) this.next();
  }

  /** The image was removed from the library. */
  takeOut(image: ImageId): void {
    const place = this.queue.indexOf(image);
    if (place < 0) return;
    this.queue = this.queue.filter((each) => each !== image);
    this.goTo(place < this.index ? this.index - 1 : this.index);
  }

  /** The image was restored: shows it at its place. */
  putBack(image: ImageId, index: number): void {
    const queue = this.queue.filter((each) => each !== image);
    this.queue = [...queue.slice(0, index), image, ...queue.slice(index)];
    this.goTo(index);
  }

  /** Undoes the latest step on any image and goes to it. */
  undo(): void {
    this.#step("undone");
  }

  /** Redoes the latest undone step on any image and goes to it. */
  redo(): void {
    this.#step("redone");
  }

  #step(direction: "undone" | "redone"): void {
    this.decisions.hideReasonPrompt();
    this.cards.decided();
    this.#pendingSteps += 1;
    this.#outbox.put(null, async () => {
      try {
        const step = await (direction === "undone" ? this.#core.undoLatest() : this.#core.redoLatest());
        if (step === null) {
          this.#notify({ kind: direction === "undone" ? "nothing_to_undo" : "nothing_to_redo" });
          return;
        }
        this.cards.decided();
        if (!this.#outbox.isAbout(step.image.id)) this.#arrived(step.image);
        if (step.others > 0) {
          this.#notify({ kind: `${direction}_on_many`, images: step.others + 1 });
          await this.refresh();
        }
        const index = this.queue.indexOf(step.image.id);
        if (index >= 0) {
          // While more steps follow, only the last one is shown.
          if (this.#pendingSteps > 1) return;
          if (index !== this.index || this.isAtEnd) this.goTo(index);
          this.selection.set(this.#stepAnnotations.of(step) ?? []);
        } else if (step.others === 0) {
          this.#notify({ kind: `${direction}_elsewhere`, image: step.image.name });
        }
      } catch (refusal) {
        this.#notify({ kind: "refused", refusal, image: null });
      } finally {
        this.#pendingSteps -= 1;
      }
    });
  }

  /** Resolves when everything is stored. */
  settled(): Promise<void> {
    return this.#outbox.settled();
  }

  /** The screen is hidden: stops refreshing. */
  stop(): void {
    this.#outbox.flush();
    this.decisions.hideReasonPrompt();
    this.#refreshing.stop();
  }

  #visit(): void {
    if (this.imageId !== null) this.#visited.add(this.imageId);
  }

  /**
   * Appends newly matching images and drops those that no longer match. Shown and reviewed images and the position
   * stay.
   */
  async #follow(): Promise<void> {
    const { queue } = this;
    // New images are appended, so the cheapest order will do.
    const found = this.#query === null ? [] : await this.#core.imageIds({ ...this.#query, order: "added" });
    const isFound = new Set(found);
    let kept: readonly ImageId[] = queue;
    if (queue.some((image) => !isFound.has(image))) {
      const exists = new Set(await this.#core.imageIds(imagesWhere([])));
      const stays = (image: ImageId) => this.#visited.has(image) || !this.cards.isUnreviewed(image);
      kept = queue.filter((image) => exists.has(image) && (this.#query === null || isFound.has(image) || stays(image)));
    }
    const isQueued = new Set(queue);
    const added = found.filter((image) => !isQueued.has(image));
    // Another review was opened meanwhile.
    if (this.queue !== queue || (added.length === 0 && kept.length === queue.length)) return;
    if (queue.length === 0) {
      await this.open(this.#query === null ? added : await this.#core.imageIds(this.#query));
      return;
    }
    const shown = this.imageId;
    this.queue = [...kept, ...added];
    const place = shown === null ? -1 : this.queue.indexOf(shown);
    this.index = place >= 0 ? place : Math.max(0, Math.min(this.index, this.queue.length - 1));
    this.#visit();
  }

  async #refused(image: ImageId, refusal: unknown, before?: ImageCard): Promise<void> {
    this.decisions.hideReasonPrompt();
    const name = this.cards.get(image)?.name ?? null;
    try {
      const [stored] = await this.#core.imageCards([image]);
      if (stored) this.#arrived(stored);
    } catch {
      // Report the first error; the earlier card is the best available.
      if (before) this.cards.put(before);
    }
    this.#notify({ kind: "refused", refusal, image: name });
  }

  /** The stored image: annotations have the core's ids now, and some may be gone. */
  #arrived(card: ImageCard, selected?: readonly AnnotationId[]): void {
    this.cards.put(card);
    if (card.id !== this.imageId) return;
    const wanted = new Set([...(selected ?? this.selection.ids)].map((id) => this.edits.idOf(id)));
    this.selection.set(card.annotations.flatMap(({ id }) => (wanted.has(id) ? id : [])));
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

/** The only run in the query; null if there is none or several. */
function runOf({ conditions }: ImageQuery): RunId | null {
  const runs = conditions.flatMap(({ test, is_excluded }) => (test.kind === "run" && !is_excluded ? [test.run] : []));
  return runs.length === 1 ? (runs[0] ?? null) : null;
}
