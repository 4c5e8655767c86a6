/**
 * Edits of annotations: shown at once, stored in the background in order. An added annotation has a temporary id until
 * the core assigns one; pending edits use the assigned id when they are sent.
 */
import type {
  Annotation,
  AnnotationId,
  ImageCard,
  ImageId,
  AnnotationChange,
  AnnotationContent,
  Shape,
  Step,
} from "../api/bindings";
import type { Core } from "../api/core";
import type { QueueCards } from "./cards.svelte";
import { contentOf, withChanges } from "./changes";
import type { StepAnnotations } from "./stepAnnotations";
import type { Outbox } from "./outbox";
import { duplicated, moved, withCornerMoved } from "./reshape";
import type { Vocabulary } from "./vocabulary.svelte";

/** Nudges closer together than this are one undo step. */
const NUDGE_MILLIS = 600;

type EditsCore = Pick<Core, "editAnnotations" | "undoOn" | "redoOn">;

/** An annotation and its new shape. */
export interface Reshaped {
  annotation: Annotation;
  shape: Shape;
}

export interface EditsCallbacks {
  /** An edit of this image began. */
  began: () => void;
  /** The stored state of an image arrived. */
  arrived: (card: ImageCard, selected?: readonly AnnotationId[]) => void;
  /** An undone or redone step was not on this image alone. */
  movedElsewhere: (direction: "undone" | "redone", step: Step) => Promise<void>;
  /** There was nothing to undo or redo. */
  nothing: (kind: "nothing_to_undo_here" | "nothing_to_redo_here") => void;
  refused: (image: ImageId, refusal: unknown) => Promise<void>;
}

export class Edits {
  readonly #core: EditsCore;
  readonly #cards: QueueCards;
  readonly #outbox: Outbox;
  readonly #vocabulary: Vocabulary;
  readonly #stepAnnotations: StepAnnotations;
  readonly #callbacks: EditsCallbacks;
  readonly #named = new Map<AnnotationId, AnnotationId>();
  #latestUnnamed = 0;

  constructor(
    core: EditsCore,
    cards: QueueCards,
    outbox: Outbox,
    vocabulary: Vocabulary,
    stepAnnotations: StepAnnotations,
    callbacks: EditsCallbacks,
  ) {
    this.#core = core;
    this.#cards = cards;
    this.#outbox = outbox;
    this.#vocabulary = vocabulary;
    this.#stepAnnotations = stepAnnotations;
    this.#callbacks = callbacks;
  }

  /** The core's id of an annotation, once assigned. */
  idOf(annotation: AnnotationId): AnnotationId {
    return this.#named.get(annotation) ?? annotation;
  }

  /** Adds an annotation; returns its temporary id. */
  add(image: ImageId, annotation: AnnotationContent): AnnotationId {
    const [id = 0] = this.#add(image, [annotation]);
    return id;
  }

  change(image: ImageId, annotation: Annotation, content: Partial<AnnotationContent>): void {
    this.#apply(image, [changeOf(annotation, content)]);
    if (content.label !== undefined) this.#vocabulary.use({ ...contentOf(annotation), ...content });
  }

  /** Renames annotations. Captions have no label to change. */
  relabel(image: ImageId, annotations: readonly Annotation[], label: string): void {
    const meant = annotations.filter((annotation) => annotation.shape.kind !== "caption" && annotation.label !== label);
    if (meant.length === 0) return;
    this.#apply(
      image,
      meant.map((annotation) => changeOf(annotation, { label })),
    );
    for (const annotation of meant) this.#vocabulary.use({ ...contentOf(annotation), label });
  }

  reshape(image: ImageId, reshaped: readonly Reshaped[]): void {
    this.#apply(
      image,
      reshaped.map(({ annotation, shape }) => changeOf(annotation, { shape })),
    );
  }

  remove(image: ImageId, annotations: readonly Annotation[]): void {
    this.#apply(
      image,
      annotations.map(({ id }) => ({ kind: "remove", id })),
    );
  }

  /** Applies a change that another part suggested, such as a repair. */
  make(image: ImageId, change: AnnotationChange): void {
    this.#apply(image, [change]);
  }

  /** Duplicates annotations with an offset; returns the temporary ids. */
  duplicate(card: ImageCard, annotations: readonly Annotation[], shift: number): AnnotationId[] {
    const shapes = duplicated(
      annotations.map(({ shape }) => shape),
      shift,
      card.size,
    );
    return this.#add(
      card.id,
      annotations.map((annotation, place) => ({ ...contentOf(annotation), shape: shapes[place] ?? annotation.shape })),
    );
  }

  /** Moves annotations by image pixels. Consecutive nudges are one undo step. */
  nudge(card: ImageCard, annotations: readonly Annotation[], dx: number, dy: number): void {
    const shapes = moved(
      annotations.map(({ shape }) => shape),
      dx,
      dy,
      card.size,
    );
    const about = `nudge ${annotations.map(({ id }) => id).join(" ")}`;
    this.#hold(
      card,
      about,
      annotations.map((annotation, place) => ({ annotation, shape: shapes[place] ?? annotation.shape })),
    );
  }

  /** Moves one corner of an annotation likewise. */
  nudgeCorner(card: ImageCard, annotation: Annotation, corner: number, dx: number, dy: number): void {
    const shape = withCornerMoved(annotation.shape, corner, dx, dy, card.size);
    this.#hold(card, `corner ${corner} of ${annotation.id}`, [{ annotation, shape }]);
  }

  /** Undoes the latest step on this image, or a bulk edit if it was the last action. */
  undo(image: ImageId): void {
    this.#undoOrRedo(image, "undone");
  }

  /** Redoes the step last undone on this image, or a bulk edit likewise. */
  redo(image: ImageId): void {
    this.#undoOrRedo(image, "redone");
  }

  #add(image: ImageId, annotations: readonly AnnotationContent[]): AnnotationId[] {
    const ids = annotations.map(() => (this.#latestUnnamed -= 1));
    this.#apply(
      image,
      annotations.map((content) => ({ kind: "add", content })),
      ids,
    );
    for (const annotation of annotations) this.#vocabulary.use(annotation);
    return ids;
  }

  /** Shows new shapes at once and stores them after a pause in nudging. */
  #hold(card: ImageCard, about: string, reshaped: readonly Reshaped[]): void {
    // At the image edge nothing changes, and a proposal must stay one.
    if (reshaped.every(({ annotation, shape }) => JSON.stringify(annotation.shape) === JSON.stringify(shape))) return;
    const changes = reshaped.map(({ annotation, shape }) => changeOf(annotation, { shape }));
    this.#show(card.id, changes, []);
    this.#outbox.hold(card.id, about, NUDGE_MILLIS, () => this.#deliver(card.id, changes, []));
  }

  #apply(image: ImageId, changes: AnnotationChange[], ids: AnnotationId[] = []): void {
    // Pending nudges are stored first; they are already shown.
    this.#outbox.flush();
    this.#show(image, changes, ids);
    this.#outbox.put(image, () => this.#deliver(image, changes, ids));
  }

  #show(image: ImageId, changes: AnnotationChange[], ids: AnnotationId[]): void {
    const card = this.#cards.get(image);
    if (!card) return;
    this.#callbacks.began();
    this.#cards.put(withChanges(card, changes, ids));
  }

  async #deliver(image: ImageId, changes: AnnotationChange[], ids: AnnotationId[]): Promise<void> {
    const known = changes.map((change) => ("id" in change ? { ...change, id: this.idOf(change.id) } : change));
    // Annotations that the core failed to add cannot be changed. That failure was already reported.
    if (known.some((change) => "id" in change && change.id < 0)) return;
    try {
      const step = await this.#core.editAnnotations({ image, changes: known });
      this.#stepAnnotations.record(step.id, step.annotations);
      ids.forEach((id, place) => this.#named.set(id, step.annotations[place] ?? id));
      if (this.#outbox.isLast(image)) this.#callbacks.arrived(step.image);
    } catch (refusal) {
      await this.#callbacks.refused(image, refusal);
    }
  }

  #undoOrRedo(image: ImageId, direction: "undone" | "redone"): void {
    this.#callbacks.began();
    this.#outbox.put(image, async () => {
      try {
        const step = await (direction === "undone" ? this.#core.undoOn(image) : this.#core.redoOn(image));
        if (step === null)
          this.#callbacks.nothing(direction === "undone" ? "nothing_to_undo_here" : "nothing_to_redo_here");
        else if (step.others > 0 || step.image.id !== image) await this.#callbacks.movedElsewhere(direction, step);
        else if (this.#outbox.isLast(image)) this.#callbacks.arrived(step.image, this.#stepAnnotations.of(step));
      } catch (refusal) {
        await this.#callbacks.refused(image, refusal);
      }
    });
  }
}

function changeOf(annotation: Annotation, content: Partial<AnnotationContent>): AnnotationChange {
  return { kind: "change", id: annotation.id, content: { ...contentOf(annotation), ...content } };
}
