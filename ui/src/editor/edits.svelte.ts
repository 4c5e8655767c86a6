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
} from "../ipc/bindings";
import type { Seam } from "../ipc/seam";
import type { QueueCards } from "./cards.svelte";
import { contentOf, withChanges } from "./changes";
import type { StepAnnotations } from "./stepAnnotations";
import type { Outbox } from "./outbox";
import { duplicated, moved, withCornerMoved } from "./reshape";
import type { Vocabulary } from "./vocabulary.svelte";

/** Nudges closer together than this are one undo step. */
const NUDGE_MILLIS = 600;

type EditsSeam = Pick<Seam, "editAnnotations" | "undoOn" | "redoOn">;

/** An annotation and its new shape. */
export interface Reshaped {
  mark: Annotation;
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
  readonly #seam: EditsSeam;
  readonly #cards: QueueCards;
  readonly #outbox: Outbox;
  readonly #vocabulary: Vocabulary;
  readonly #stepAnnotations: StepAnnotations;
  readonly #callbacks: EditsCallbacks;
  readonly #named = new Map<AnnotationId, AnnotationId>();
  #latestUnnamed = 0;

  constructor(
    seam: EditsSeam,
    cards: QueueCards,
    outbox: Outbox,
    vocabulary: Vocabulary,
    stepAnnotations: StepAnnotations,
    callbacks: EditsCallbacks,
  ) {
    this.#seam = seam;
    this.#cards = cards;
    this.#outbox = outbox;
    this.#vocabulary = vocabulary;
    this.#stepAnnotations = stepAnnotations;
    this.#callbacks = callbacks;
  }

  /** The core's id of an annotation, once assigned. */
  idOf(mark: AnnotationId): AnnotationId {
    return this.#named.get(mark) ?? mark;
  }

  /** Adds an annotation; returns its temporary id. */
  add(image: ImageId, mark: AnnotationContent): AnnotationId {
    const [id = 0] = this.#add(image, [mark]);
    return id;
  }

  change(image: ImageId, mark: Annotation, content: Partial<AnnotationContent>): void {
    this.#apply(image, [changeOf(mark, content)]);
    if (content.label !== undefined) this.#vocabulary.use({ ...contentOf(mark), ...content });
  }

  /** Renames annotations. Captions have no label to change. */
  relabel(image: ImageId, marks: readonly Annotation[], label: string): void {
    const meant = marks.filter((mark) => mark.shape.kind !== "caption" && mark.label !== label);
    if (meant.length === 0) return;
    this.#apply(
      image,
      meant.map((mark) => changeOf(mark, { label })),
    );
    for (const mark of meant) this.#vocabulary.use({ ...contentOf(mark), label });
  }

  reshape(image: ImageId, reshaped: readonly Reshaped[]): void {
    this.#apply(
      image,
      reshaped.map(({ mark, shape }) => changeOf(mark, { shape })),
    );
  }

  remove(image: ImageId, marks: readonly Annotation[]): void {
    this.#apply(
      image,
      marks.map(({ id }) => ({ kind: "remove", id })),
    );
  }

  /** Applies a change that another part suggested, such as a repair. */
  make(image: ImageId, change: AnnotationChange): void {
    this.#apply(image, [change]);
  }

  /** Duplicates annotations with an offset; returns the temporary ids. */
  duplicate(card: ImageCard, marks: readonly Annotation[], shift: number): AnnotationId[] {
    const shapes = duplicated(
      marks.map(({ shape }) => shape),
      shift,
      card.size,
    );
    return this.#add(
      card.id,
      marks.map((mark, place) => ({ ...contentOf(mark), shape: shapes[place] ?? mark.shape })),
    );
  }

  /** Moves annotations by image pixels. Consecutive nudges are one undo step. */
  nudge(card: ImageCard, marks: readonly Annotation[], dx: number, dy: number): void {
    const shapes = moved(
      marks.map(({ shape }) => shape),
      dx,
      dy,
      card.size,
    );
    const about = `nudge ${marks.map(({ id }) => id).join(" ")}`;
    this.#hold(
      card,
      about,
      marks.map((mark, place) => ({ mark, shape: shapes[place] ?? mark.shape })),
    );
  }

  /** Moves one corner of an annotation likewise. */
  nudgeCorner(card: ImageCard, mark: Annotation, corner: number, dx: number, dy: number): void {
    const shape = withCornerMoved(mark.shape, corner, dx, dy, card.size);
    this.#hold(card, `corner ${corner} of ${mark.id}`, [{ mark, shape }]);
  }

  /** Undoes the latest step on this image, or a bulk edit if it was the last action. */
  undo(image: ImageId): void {
    this.#undoOrRedo(image, "undone");
  }

  /** Redoes the step last undone on this image, or a bulk edit likewise. */
  redo(image: ImageId): void {
    this.#undoOrRedo(image, "redone");
  }

  #add(image: ImageId, marks: readonly AnnotationContent[]): AnnotationId[] {
    const ids = marks.map(() => (this.#latestUnnamed -= 1));
    this.#apply(
      image,
      marks.map((content) => ({ kind: "add", content })),
      ids,
    );
    for (const mark of marks) this.#vocabulary.use(mark);
    return ids;
  }

  /** Shows new shapes at once and stores them after a pause in nudging. */
  #hold(card: ImageCard, about: string, reshaped: readonly Reshaped[]): void {
    // At the image edge nothing changes, and a proposal must stay one.
    if (reshaped.every(({ mark, shape }) => JSON.stringify(mark.shape) === JSON.stringify(shape))) return;
    const changes = reshaped.map(({ mark, shape }) => changeOf(mark, { shape }));
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
      const step = await this.#seam.editAnnotations({ image, changes: known });
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
        const step = await (direction === "undone" ? this.#seam.undoOn(image) : this.#seam.redoOn(image));
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

function changeOf(mark: Annotation, content: Partial<AnnotationContent>): AnnotationChange {
  return { kind: "change", id: mark.id, content: { ...contentOf(mark), ...content } };
}
