/**
 * What a person changes of marks: shown at once, stored behind their back, one after the other. What is added has a
 * number of the window's own until the core has named it; whatever is done to it meanwhile is told by the core's name.
 */
import type { Annotation, AnnotationId, ImageCard, ImageId, MarkChange, MarkContent, Step } from "../ipc/bindings";
import type { Seam } from "../ipc/seam";
import type { QueueCards } from "./cards.svelte";
import { contentOf, withChanges } from "./changes";
import type { Footprints } from "./footprints";
import type { Outbox } from "./outbox";
import { duplicated, moved } from "./reshape";
import type { Vocabulary } from "./vocabulary.svelte";

/** Nudges that follow one another sooner than this are one step. */
const NUDGE_MILLIS = 600;

type EditsSeam = Pick<Seam, "editMarks" | "undoOn" | "redoOn">;

export interface EditsOffice {
  /** The person works on this image. */
  began: () => void;
  /** This is how it is stored. */
  arrived: (card: ImageCard, selected?: readonly AnnotationId[]) => void;
  /** There was nothing to take back, or to make again. */
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
  add(image: ImageId, mark: MarkContent): AnnotationId {
    this.#latestUnnamed -= 1;
    const id = this.#latestUnnamed;
    this.#apply(image, [{ kind: "add", mark }], [id]);
    this.#vocabulary.use(mark);
    return id;
  }

  change(image: ImageId, mark: Annotation, said: Partial<MarkContent>): void {
    const content = { ...contentOf(mark), ...said };
    this.#apply(image, [{ kind: "change", id: mark.id, mark: content }]);
    if (said.label !== undefined) this.#vocabulary.use(content);
  }

  remove(image: ImageId, mark: Annotation): void {
    this.#apply(image, [{ kind: "remove", id: mark.id }]);
  }

  /** Makes a change that somebody else has thought of. */
  make(image: ImageId, change: MarkChange): void {
    this.#apply(image, [change]);
  }

  /** The same mark again, a little beside; returns what to call it. */
  duplicate(card: ImageCard, mark: Annotation, shift: number): AnnotationId {
    return this.add(card.id, { ...contentOf(mark), shape: duplicated(mark.shape, shift, card.size) });
  }

  /** Moves a mark by so many pixels of the image. One nudge after the other is one step for undo. */
  nudge(card: ImageCard, mark: Annotation, dx: number, dy: number): void {
    const shape = moved(mark.shape, dx, dy, card.size);
    const change: MarkChange = { kind: "change", id: mark.id, mark: { ...contentOf(mark), shape } };
    this.#show(card.id, [change], []);
    this.#outbox.hold(card.id, `nudge ${mark.id}`, NUDGE_MILLIS, () => this.#deliver(card.id, [change], []));
  }

  /** Takes the latest step on this image back. */
  undo(image: ImageId): void {
    this.#travel(image, () => this.#seam.undoOn(image), "nothing_to_undo_here");
  }

  /** Makes the step again that was taken back last on this image. */
  redo(image: ImageId): void {
    this.#travel(image, () => this.#seam.redoOn(image), "nothing_to_redo_here");
  }

  #apply(image: ImageId, changes: MarkChange[], ids: AnnotationId[] = []): void {
    // What is held back comes first, and is shown already.
    this.#outbox.flush();
    this.#show(image, changes, ids);
    this.#outbox.put(image, () => this.#deliver(image, changes, ids));
  }

  #show(image: ImageId, changes: MarkChange[], ids: AnnotationId[]): void {
    const card = this.#cards.get(image);
    if (!card) return;
    this.#office.began();
    this.#cards.put(withChanges(card, changes, ids, (label) => this.#vocabulary.colorOf(label)));
  }

  async #deliver(image: ImageId, changes: MarkChange[], ids: AnnotationId[]): Promise<void> {
    const known = changes.map((change) => ("id" in change ? { ...change, id: this.idOf(change.id) } : change));
    // What the core refused to add cannot be changed; that was told already.
    if (known.some((change) => "id" in change && change.id < 0)) return;
    try {
      const step = await this.#seam.editMarks({ image, changes: known });
      this.#footprints.note(step.id, step.marks);
      ids.forEach((id, place) => this.#named.set(id, step.marks[place] ?? id));
      if (this.#outbox.isLast(image)) this.#office.arrived(step.image);
    } catch (refusal) {
      await this.#office.refused(image, refusal);
    }
  }

  #travel(image: ImageId, go: () => Promise<Step | null>, nothing: Parameters<EditsOffice["nothing"]>[0]): void {
    this.#office.began();
    this.#outbox.put(image, async () => {
      try {
        const step = await go();
        if (step === null) this.#office.nothing(nothing);
        else if (this.#outbox.isLast(image)) this.#office.arrived(step.image, this.#footprints.of(step));
      } catch (refusal) {
        await this.#office.refused(image, refusal);
      }
    });
  }
}
