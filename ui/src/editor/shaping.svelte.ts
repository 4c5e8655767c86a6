/**
 * Editing of the selected annotations: dragging them or their handles, nudging them or one corner, duplicating,
 * deleting. Several annotations move together as one undo step.
 */
import type { Annotation, AnnotationId, ImageCard, Point, Shape } from "../api/bindings";
import { boundsOf } from "../components/shape";
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
  #chosenCorner = $state.raw<{ annotation: AnnotationId; corner: number } | null>(null);

  /** The selected corner of the selected annotation; null if none is. */
  readonly corner = $derived.by<number | null>(() => {
    const { selectedAnnotation: annotation, edits } = this.#review;
    if (
      this.#chosenCorner === null ||
      annotation === null ||
      edits.idOf(this.#chosenCorner.annotation) !== edits.idOf(annotation.id)
    )
      return null;
    return this.#chosenCorner.corner < cornersOf(annotation.shape).length ? this.#chosenCorner.corner : null;
  });

  /** Annotations as shown: those being dragged have their current shapes. */
  readonly annotations = $derived.by<readonly Annotation[]>(() => {
    const annotations = this.#review.visibleAnnotations;
    if (this.#dragged.size === 0) return annotations;
    const { edits } = this.#review;
    const shapes = new Map([...this.#dragged].map(([id, shape]) => [edits.idOf(id), shape]));
    return annotations.map((annotation) => {
      const shape = shapes.get(edits.idOf(annotation.id));
      return shape ? { ...annotation, shape } : annotation;
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
    const { selectedAnnotation: one, selectedAnnotations, filter } = this.#review;
    if (filter.hidesAll) return null;
    const at = this.#viewport.imageFromView(view);
    const { scale } = this.#viewport;
    const handle = one && handleAt(one.shape, at, HANDLE / scale, REACH / scale);
    if (handle) return { kind: "handle", handle };
    const isUnderPointer = ({ shape }: Annotation) => isUnder(shape, at, shape.kind === "point" ? REACH / scale : 0);
    return selectedAnnotations.some(isUnderPointer) ? { kind: "body" } : null;
  }

  /** Drags from one point to another. With `reach` it snaps to the image edge. */
  drag(target: DragTarget, from: Point, to: Point, reach: number): void {
    const { card, selectedAnnotation: one } = this.#review;
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
    const annotations = this.#withPosition();
    const shapes = annotations.map(({ shape }) => shape);
    const shift = snappedShift(shapes, (to.x - from.x) / scale, (to.y - from.y) / scale, card.size, reach);
    const places = moved(shapes, shift.x, shift.y, card.size);
    this.#dragged = new Map(annotations.flatMap(({ id }, place) => (places[place] ? [[id, places[place]]] : [])));
  }

  /** Ends the drag and stores the shapes. */
  endDrag(): void {
    const dragged = this.#dragged;
    if (dragged.size === 0) return;
    this.#dragged = new Map();
    const { card, edits, annotations } = this.#review;
    if (card === null) return;
    const shapes = new Map([...dragged].map(([id, shape]) => [edits.idOf(id), shape]));
    edits.reshape(
      card.id,
      annotations.flatMap((annotation) => {
        const shape = shapes.get(edits.idOf(annotation.id));
        return shape ? { annotation, shape } : [];
      }),
    );
  }

  /** A click on a handle selects its corner, or deletes it with Alt; between two corners it adds one. */
  clickHandle(handle: Handle, isRemoval: boolean): void {
    const { card, selectedAnnotation: annotation } = this.#review;
    if (annotation === null || card === null || annotation.shape.kind !== "polygon") return;
    if (handle.kind === "side") return;
    this.#chooseCorner(annotation, handle.index);
    if (handle.kind === "between") this.insertCorner();
    else if (isRemoval) {
      this.#removeCorner(card, annotation, handle.index);
      this.deselectCorner();
    }
  }

  get hasCorners(): boolean {
    const { selectedAnnotation, filter } = this.#review;
    return selectedAnnotation !== null && !filter.hidesAll && cornersOf(selectedAnnotation.shape).length > 0;
  }

  /** The next or previous corner; from no selection, the first or last. */
  stepCorner(step: 1 | -1): void {
    const { selectedAnnotation: annotation } = this.#review;
    if (annotation === null) return;
    const count = cornersOf(annotation.shape).length;
    const from = this.corner ?? (step === 1 ? -1 : 0);
    if (count > 0) this.#chooseCorner(annotation, (from + step + count) % count);
    this.#reveal();
  }

  /** Adds a corner half-way from the selected one to the next. */
  insertCorner(): void {
    const { card, edits, selectedAnnotation: annotation } = this.#review;
    const { corner } = this;
    const shape = annotation && corner !== null ? withCornerAfter(annotation.shape, corner) : null;
    if (card === null || annotation === null || corner === null || shape === null) return;
    edits.reshape(card.id, [{ annotation, shape }]);
    this.#chooseCorner(annotation, corner + 1);
    this.#reveal();
  }

  get canInsertCorner(): boolean {
    return this.corner !== null && this.#review.selectedAnnotation?.shape.kind === "polygon";
  }

  /** Deletes the selected corner or annotations. */
  remove(): void {
    const { card, selectedAnnotation: one, selectedAnnotations } = this.#review;
    if (card === null || selectedAnnotations.length === 0) return;
    if (this.corner !== null && one !== null) this.#removeCorner(card, one, this.corner);
    else {
      this.#review.edits.remove(card.id, selectedAnnotations);
      this.#review.select(null);
    }
  }

  duplicate(): void {
    const { card, selectedAnnotations } = this.#review;
    if (card === null || selectedAnnotations.length === 0) return;
    const shift = Math.max(1, Math.round(COPY_SHIFT / this.#viewport.scale));
    this.#review.selection.set(this.#review.edits.duplicate(card, selectedAnnotations, shift));
  }

  /** Moves the selected corner or annotations. */
  nudge(dx: number, dy: number): void {
    const { card, edits, selectedAnnotation: one } = this.#review;
    const annotations = this.#withPosition();
    if (card === null || annotations.length === 0) return;
    if (this.corner !== null && one !== null) {
      edits.nudgeCorner(card, one, this.corner, dx, dy);
      this.#reveal();
    } else edits.nudge(card, annotations, dx, dy);
  }

  /** The selected annotations that have a position. */
  #withPosition(): Annotation[] {
    return this.#review.selectedAnnotations.filter(({ shape }) => boundsOf(shape) !== null);
  }

  #chooseCorner({ id: annotation }: Annotation, corner: number | null): void {
    this.#chosenCorner = corner === null ? null : { annotation, corner };
  }

  /** Selects the previous corner, so that several can be deleted in a row. */
  #removeCorner(card: ImageCard, annotation: Annotation, index: number): void {
    const shape = withoutCorner(annotation.shape, index);
    if (shape === null) {
      this.#cornerStays();
      return;
    }
    this.#review.edits.reshape(card.id, [{ annotation, shape }]);
    this.#chooseCorner(annotation, Math.max(0, index - 1));
  }

  /** Scrolls what was moved by keys into view. */
  #reveal(): void {
    const { selectedAnnotation: annotation } = this.#review;
    const at = annotation && this.corner !== null ? cornersOf(annotation.shape)[this.corner] : undefined;
    if (at) this.#viewport.revealPoint(at);
  }
}
