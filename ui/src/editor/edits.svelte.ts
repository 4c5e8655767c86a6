/**
 * What a person changes of marks: shown at once, stored behind their back, one after the other. What is added has a
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

/** A mark, and what it is to be. */
export interface Reshaped {
  mark: Annotation;
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

  /** The core's name for a mark, as soon as there is one. */
  idOf(mark: AnnotationId): AnnotationId {
    return this.#named.get(mark) ?? mark;
  }

  /** A mark of the person's own; returns what to call it. */
  add(image: ImageId, mark: AnnotationContent): AnnotationId {
    const [id = 0] = this.#add(image, [mark]);
    return id;
  }

  change(image: ImageId, mark: Annotation, said: Partial<AnnotationContent>): void {
    this.#apply(image, [changeOf(mark, said)]);
    if (said.label !== undefined) this.#vocabulary.use({ ...contentOf(mark), ...said });
  }

  /** Calls marks by another name. A caption has none. */
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

  /** Makes a change that somebody else has thought of. */
  make(image: ImageId, change: AnnotationChange): void {
    this.#apply(image, [change]);
  }

  /** The same marks again, a little beside; returns what to call them. */
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

  /** Moves marks by so many pixels of the image. One nudge after the other is one step for undo. */
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

  /** Moves one corner of a mark likewise. */
  nudgeCorner(card: ImageCard, mark: Annotation, corner: number, dx: number, dy: number): void {
    const shape = withCornerMoved(mark.shape, corner, dx, dy, card.size);
    this.#hold(card, `corner ${corner} of ${mark.id}`, [{ mark, shape }]);
  }

  /** Undoes the latest step on this image, or the bulk edit that was the last thing done. */
  undo(image: ImageId): void {
    this.#travel(image, "undone");
  }

  /** Redoes the step that was undone last on this image, or a bulk edit likewise. */
  redo(image: ImageId): void {
    this.#travel(image, "redone");
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

  /** Shows other shapes, and stores them when nothing more of the kind has come for a while. */
  #hold(card: ImageCard, about: string, reshaped: readonly Reshaped[]): void {
    // At the image's edge there is nothing to store, and a proposal stays one.
    if (reshaped.every(({ mark, shape }) => JSON.stringify(mark.shape) === JSON.stringify(shape))) return;
    const changes = reshaped.map(({ mark, shape }) => changeOf(mark, { shape }));
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

function changeOf(mark: Annotation, said: Partial<AnnotationContent>): AnnotationChange {
  return { kind: "change", id: mark.id, content: { ...contentOf(mark), ...said } };
}
