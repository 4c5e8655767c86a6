/**
 * What a person changes of annotations: shown at once, stored behind their back, one after the other. What is added has a
 * number of the window's own until the core has named it; whatever is done to it meanwhile is told by the core's name.
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
import type { Footprints } from "./footprints";
import type { Outbox } from "./outbox";
import { duplicated, moved, withCornerMoved } from "./reshape";
import type { Vocabulary } from "./vocabulary.svelte";

/** Nudges that follow one another sooner than this are one step. */
const NUDGE_MILLIS = 600;

type EditsSeam = Pick<Seam, "editAnnotations" | "undoOn" | "redoOn">;

/** An annotation, and what it is to be. */
export interface Reshaped {
  annotation: Annotation;
  shape: Shape;
}

export interface EditsOffice {
  /** The person works on this image. */
  began: () => void;
  /** This is how it is stored. */
  arrived: (card: ImageCard, selected?: readonly AnnotationId[]) => void;
  /** A step was undone or redone that was not about this image alone. */
  travelled: (direction: "undone" | "redone", step: Step) => Promise<void>;
  /** There was nothing to undo, or to redo. */
  nothing: (kind: "nothing_to_undo_here" | "nothing_to_redo_here") => void;
  refused: (image: ImageId, refusal: unknown) => Promise<void>;
}

export class Edits {
  readonly #seam: EditsSeam;
  readonly #cards: QueueCards;
  readonly #outbox: Outbox;
  readonly #vocabulary: Vocabulary;
  readonly #footprints: Footprints;
  readonly #office: EditsOffice;
  readonly #named = new Map<AnnotationId, AnnotationId>();
  #latestUnnamed = 0;

  constructor(
    seam: EditsSeam,
    cards: QueueCards,
    outbox: Outbox,
    vocabulary: Vocabulary,
    footprints: Footprints,
    office: EditsOffice,
  ) {
    this.#seam = seam;
    this.#cards = cards;
    this.#outbox = outbox;
    this.#vocabulary = vocabulary;
    this.#footprints = footprints;
    this.#office = office;
  }

  /** The core's name for an annotation, as soon as there is one. */
  idOf(annotation: AnnotationId): AnnotationId {
    return this.#named.get(annotation) ?? annotation;
  }

  /** An annotation of the person's own; returns what to call it. */
  add(image: ImageId, annotation: AnnotationContent): AnnotationId {
    const [id = 0] = this.#add(image, [annotation]);
    return id;
  }

  change(image: ImageId, annotation: Annotation, said: Partial<AnnotationContent>): void {
    this.#apply(image, [changeOf(annotation, said)]);
    if (said.label !== undefined) this.#vocabulary.use({ ...contentOf(annotation), ...said });
  }

  /** Calls annotations by another name. A caption has none. */
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

  /** Makes a change that somebody else has thought of. */
  make(image: ImageId, change: AnnotationChange): void {
    this.#apply(image, [change]);
  }

  /** The same annotations again, a little beside; returns what to call them. */
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

  /** Moves annotations by so many pixels of the image. One nudge after the other is one step for undo. */
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

  /** Undoes the latest step on this image, or the bulk edit that was the last thing done. */
  undo(image: ImageId): void {
    this.#travel(image, "undone");
  }

  /** Redoes the step that was undone last on this image, or a bulk edit likewise. */
  redo(image: ImageId): void {
    this.#travel(image, "redone");
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

  /** Shows other shapes, and stores them when nothing more of the kind has come for a while. */
  #hold(card: ImageCard, about: string, reshaped: readonly Reshaped[]): void {
    // At the image's edge there is nothing to store, and a proposal stays one.
    if (reshaped.every(({ annotation, shape }) => JSON.stringify(annotation.shape) === JSON.stringify(shape))) return;
    const changes = reshaped.map(({ annotation, shape }) => changeOf(annotation, { shape }));
    this.#show(card.id, changes, []);
    this.#outbox.hold(card.id, about, NUDGE_MILLIS, () => this.#deliver(card.id, changes, []));
  }

  #apply(image: ImageId, changes: AnnotationChange[], ids: AnnotationId[] = []): void {
    // What is held back comes first, and is shown already.
    this.#outbox.flush();
    this.#show(image, changes, ids);
    this.#outbox.put(image, () => this.#deliver(image, changes, ids));
  }

  #show(image: ImageId, changes: AnnotationChange[], ids: AnnotationId[]): void {
    const card = this.#cards.get(image);
    if (!card) return;
    this.#office.began();
    this.#cards.put(withChanges(card, changes, ids));
  }

  async #deliver(image: ImageId, changes: AnnotationChange[], ids: AnnotationId[]): Promise<void> {
    const known = changes.map((change) => ("id" in change ? { ...change, id: this.idOf(change.id) } : change));
    // What the core refused to add cannot be changed; that was told already.
    if (known.some((change) => "id" in change && change.id < 0)) return;
    try {
      const step = await this.#seam.editAnnotations({ image, changes: known });
      this.#footprints.note(step.id, step.annotations);
      ids.forEach((id, place) => this.#named.set(id, step.annotations[place] ?? id));
      if (this.#outbox.isLast(image)) this.#office.arrived(step.image);
    } catch (refusal) {
      await this.#office.refused(image, refusal);
    }
  }

  #travel(image: ImageId, direction: "undone" | "redone"): void {
    this.#office.began();
    this.#outbox.put(image, async () => {
      try {
        const step = await (direction === "undone" ? this.#seam.undoOn(image) : this.#seam.redoOn(image));
        if (step === null)
          this.#office.nothing(direction === "undone" ? "nothing_to_undo_here" : "nothing_to_redo_here");
        else if (step.others > 0 || step.image.id !== image) await this.#office.travelled(direction, step);
        else if (this.#outbox.isLast(image)) this.#office.arrived(step.image, this.#footprints.of(step));
      } catch (refusal) {
        await this.#office.refused(image, refusal);
      }
    });
  }
}

function changeOf(annotation: Annotation, said: Partial<AnnotationContent>): AnnotationChange {
  return { kind: "change", id: annotation.id, content: { ...contentOf(annotation), ...said } };
}
