/**
 * Editing of the selected annotations: dragging them or their handles, nudging them or one corner, duplicating,
 * deleting. Several annotations move together as one undo step.
 */
import type { Annotation, AnnotationId, ImageCard, Point, Shape } from "../ipc/bindings";
import { boundsOf } from "../kit/shape";
import type { Viewport } from "../photo/viewport.svelte";
import { isUnder } from "./hit";
import {
  cornersOf,
  type Handle,
  handleAt,
  moved,
  draggedHandle,
  resized,
  snapped,
  snappedShift,
  withCornerAfter,
  withoutCorner,
} from "./reshape";
import type { Review } from "./review.svelte";

/** Distances in CSS pixels within which the image edge snaps and a handle is hit. */
export const SNAP = 6;
const REACH = 8;
/** Size of a drawn handle, in CSS pixels. */
export const HANDLE = 7;
/** Offset of a copy, in CSS pixels. */
const COPY_SHIFT = 12;

/** What a pointer drags. */
export type DragTarget = { kind: "handle"; handle: Handle } | { kind: "body" };

export class Shaping {
  readonly #review: Review;
  readonly #viewport: Viewport;
  readonly #cornerStays: () => void;

  /** Annotations being dragged, with their current shapes. */
  #dragged = $state.raw<ReadonlyMap<AnnotationId, Shape>>(new Map());
  #chosenCorner = $state.raw<{ mark: AnnotationId; corner: number } | null>(null);

  /** The selected corner of the selected annotation; null if none is. */
  readonly corner = $derived.by<number | null>(() => {
    const { selectedMark: mark, edits } = this.#review;
    if (this.#chosenCorner === null || mark === null || edits.idOf(this.#chosenCorner.mark) !== edits.idOf(mark.id))
      return null;
    return this.#chosenCorner.corner < cornersOf(mark.shape).length ? this.#chosenCorner.corner : null;
  });

  /** Annotations as shown: those being dragged have their current shapes. */
  readonly marks = $derived.by<readonly Annotation[]>(() => {
    const marks = this.#review.visibleMarks;
    if (this.#dragged.size === 0) return marks;
    const { edits } = this.#review;
    const shapes = new Map([...this.#dragged].map(([id, shape]) => [edits.idOf(id), shape]));
    return marks.map((mark) => {
      const shape = shapes.get(edits.idOf(mark.id));
      return shape ? { ...mark, shape } : mark;
    });
  });

  /** `cornerStays` reports that a corner cannot be deleted. */
  constructor(review: Review, viewport: Viewport, cornerStays: () => void) {
    this.#review = review;
    this.#viewport = viewport;
    this.#cornerStays = cornerStays;
  }

  /** Another image is shown: cancels what is in progress. */
  cancel(): void {
    this.#dragged = new Map();
    this.#chosenCorner = null;
  }

  /** Deselects the corner. */
  deselectCorner(): void {
    this.#chosenCorner = null;
  }

  /** What a press would drag. A multiple selection has no handles. */
  dragTargetAt(view: Point): DragTarget | null {
    const { selectedMark: one, selectedMarks, areMarksHidden } = this.#review;
    if (areMarksHidden) return null;
    const at = this.#viewport.imageFromView(view);
    const { scale } = this.#viewport;
    const handle = one && handleAt(one.shape, at, HANDLE / scale, REACH / scale);
    if (handle) return { kind: "handle", handle };
    const isUnderPointer = ({ shape }: Annotation) => isUnder(shape, at, shape.kind === "point" ? REACH / scale : 0);
    return selectedMarks.some(isUnderPointer) ? { kind: "body" } : null;
  }

  /** Drags from one point to another. With `reach` it snaps to the image edge. */
  drag(target: DragTarget, from: Point, to: Point, reach: number): void {
    const { card, selectedMark: one } = this.#review;
    if (card === null) return;
    if (target.kind === "handle") {
      if (one === null) return;
      const at = snapped(this.#viewport.imageFromView(to), card.size, reach);
      const dragged = draggedHandle(target.handle);
      this.#chooseCorner(one, dragged.kind === "corner" ? dragged.index : null);
      this.#dragged = new Map([[one.id, resized(one.shape, target.handle, at, card.size)]]);
      return;
    }
    const { scale } = this.#viewport;
    const marks = this.#withPosition();
    const shapes = marks.map(({ shape }) => shape);
    const shift = snappedShift(shapes, (to.x - from.x) / scale, (to.y - from.y) / scale, card.size, reach);
    const places = moved(shapes, shift.x, shift.y, card.size);
    this.#dragged = new Map(marks.flatMap(({ id }, place) => (places[place] ? [[id, places[place]]] : [])));
  }

  /** Ends the drag and stores the shapes. */
  endDrag(): void {
    const dragged = this.#dragged;
    if (dragged.size === 0) return;
    this.#dragged = new Map();
    const { card, edits, marks } = this.#review;
    if (card === null) return;
    const shapes = new Map([...dragged].map(([id, shape]) => [edits.idOf(id), shape]));
    edits.reshape(
      card.id,
      marks.flatMap((mark) => {
        const shape = shapes.get(edits.idOf(mark.id));
        return shape ? { mark, shape } : [];
      }),
    );
  }

  /** A click on a handle selects its corner, or deletes it with Alt; between two corners it adds one. */
  clickHandle(handle: Handle, isRemoval: boolean): void {
    const { card, selectedMark: mark } = this.#review;
    if (mark === null || card === null || mark.shape.kind !== "polygon") return;
    if (handle.kind === "side") return;
    this.#chooseCorner(mark, handle.index);
    if (handle.kind === "between") this.insertCorner();
    else if (isRemoval) {
      this.#removeCorner(card, mark, handle.index);
      this.deselectCorner();
    }
  }

  get hasCorners(): boolean {
    const { selectedMark, areMarksHidden } = this.#review;
    return selectedMark !== null && !areMarksHidden && cornersOf(selectedMark.shape).length > 0;
  }

  /** The next or previous corner; from no selection, the first or last. */
  stepCorner(step: 1 | -1): void {
    const { selectedMark: mark } = this.#review;
    if (mark === null) return;
    const count = cornersOf(mark.shape).length;
    const from = this.corner ?? (step === 1 ? -1 : 0);
    if (count > 0) this.#chooseCorner(mark, (from + step + count) % count);
    this.#reveal();
  }

  /** Adds a corner half-way from the selected one to the next. */
  insertCorner(): void {
    const { card, edits, selectedMark: mark } = this.#review;
    const { corner } = this;
    const shape = mark && corner !== null ? withCornerAfter(mark.shape, corner) : null;
    if (card === null || mark === null || corner === null || shape === null) return;
    edits.reshape(card.id, [{ mark, shape }]);
    this.#chooseCorner(mark, corner + 1);
    this.#reveal();
  }

  get canInsertCorner(): boolean {
    return this.corner !== null && this.#review.selectedMark?.shape.kind === "polygon";
  }

  /** Deletes the selected corner or annotations. */
  remove(): void {
    const { card, selectedMark: one, selectedMarks } = this.#review;
    if (card === null || selectedMarks.length === 0) return;
    if (this.corner !== null && one !== null) this.#removeCorner(card, one, this.corner);
    else {
      this.#review.edits.remove(card.id, selectedMarks);
      this.#review.select(null);
    }
  }

  duplicate(): void {
    const { card, selectedMarks } = this.#review;
    if (card === null || selectedMarks.length === 0) return;
    const shift = Math.max(1, Math.round(COPY_SHIFT / this.#viewport.scale));
    this.#review.selection.set(this.#review.edits.duplicate(card, selectedMarks, shift));
  }

  /** Moves the selected corner or annotations. */
  nudge(dx: number, dy: number): void {
    const { card, edits, selectedMark: one } = this.#review;
    const marks = this.#withPosition();
    if (card === null || marks.length === 0) return;
    if (this.corner !== null && one !== null) {
      edits.nudgeCorner(card, one, this.corner, dx, dy);
      this.#reveal();
    } else edits.nudge(card, marks, dx, dy);
  }

  /** The selected annotations that have a position. */
  #withPosition(): Annotation[] {
    return this.#review.selectedMarks.filter(({ shape }) => boundsOf(shape) !== null);
  }

  #chooseCorner({ id: mark }: Annotation, corner: number | null): void {
    this.#chosenCorner = corner === null ? null : { mark, corner };
  }

  /** Selects the previous corner, so that several can be deleted in a row. */
  #removeCorner(card: ImageCard, mark: Annotation, index: number): void {
    const shape = withoutCorner(mark.shape, index);
    if (shape === null) {
      this.#cornerStays();
      return;
    }
    this.#review.edits.reshape(card.id, [{ mark, shape }]);
    this.#chooseCorner(mark, Math.max(0, index - 1));
  }

  /** Scrolls what was moved by keys into view. */
  #reveal(): void {
    const { selectedMark: mark } = this.#review;
    const at = mark && this.corner !== null ? cornersOf(mark.shape)[this.corner] : undefined;
    if (at) this.#viewport.revealPoint(at);
  }
}
