/**
 * The selected annotations under a person's hand: pulled as they are or by their handles, moved by arrows as a whole or by
 * one corner, copied, taken away. Several of them move as one, and are one step for undo.
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
  pulledHandle,
  resized,
  snapped,
  snappedShift,
  withCornerAfter,
  withoutCorner,
} from "./reshape";
import type { Review } from "./review.svelte";

/** In CSS pixels: from so near the image's edge is meant, from so near a handle is. */
export const SNAP = 6;
const REACH = 8;
/** Of a handle, as it is painted. */
export const HANDLE = 7;
/** Where a copy lies, in CSS pixels from its original. */
const COPY_SHIFT = 12;

/** What a pointer has hold of. */
export type Grip = { kind: "handle"; handle: Handle } | { kind: "body" };

export class Shaping {
  readonly #review: Review;
  readonly #viewport: Viewport;
  readonly #cornerStays: () => void;

  /** Annotations that are being pulled, and what they would be now. */
  #pulled = $state.raw<ReadonlyMap<AnnotationId, Shape>>(new Map());
  #chosen = $state.raw<{ annotation: AnnotationId; corner: number } | null>(null);

  /** The corner of the selected annotation that is in hand; null when the mark as a whole is. */
  readonly corner = $derived.by<number | null>(() => {
    const { selectedAnnotation: annotation, edits } = this.#review;
    if (
      this.#chosen === null ||
      annotation === null ||
      edits.idOf(this.#chosen.annotation) !== edits.idOf(annotation.id)
    )
      return null;
    return this.#chosen.corner < cornersOf(annotation.shape).length ? this.#chosen.corner : null;
  });

  /** Annotations as they show: those that are being pulled are where the pointer has them. */
  readonly annotations = $derived.by<readonly Annotation[]>(() => {
    const annotations = this.#review.visibleAnnotations;
    if (this.#pulled.size === 0) return annotations;
    const { edits } = this.#review;
    const shapes = new Map([...this.#pulled].map(([id, shape]) => [edits.idOf(id), shape]));
    return annotations.map((annotation) => {
      const shape = shapes.get(edits.idOf(annotation.id));
      return shape ? { ...annotation, shape } : annotation;
    });
  });

  /** `cornerStays` says that a corner cannot be taken away. */
  constructor(review: Review, viewport: Viewport, cornerStays: () => void) {
    this.#review = review;
    this.#viewport = viewport;
    this.#cornerStays = cornerStays;
  }

  /** Another image: what was begun was about the one before. */
  letGo(): void {
    this.#pulled = new Map();
    this.#chosen = null;
  }

  /** The mark as a whole is in hand again. */
  letCornerGo(): void {
    this.#chosen = null;
  }

  /** What a press would take hold of. Of several annotations none has handles. */
  gripAt(view: Point): Grip | null {
    const { selectedAnnotation: one, selectedAnnotations, areAnnotationsHidden } = this.#review;
    if (areAnnotationsHidden) return null;
    const at = this.#viewport.imageFromView(view);
    const { scale } = this.#viewport;
    const handle = one && handleAt(one.shape, at, HANDLE / scale, REACH / scale);
    if (handle) return { kind: "handle", handle };
    const isHeld = ({ shape }: Annotation) => isUnder(shape, at, shape.kind === "point" ? REACH / scale : 0);
    return selectedAnnotations.some(isHeld) ? { kind: "body" } : null;
  }

  /** What was taken hold of at one place is at another now. With `reach` it is drawn to the image's edge. */
  pull(grip: Grip, from: Point, to: Point, reach: number): void {
    const { card, selectedAnnotation: one } = this.#review;
    if (card === null) return;
    if (grip.kind === "handle") {
      if (one === null) return;
      const at = snapped(this.#viewport.imageFromView(to), card.size, reach);
      const pulled = pulledHandle(grip.handle);
      this.#choose(one, pulled.kind === "corner" ? pulled.index : null);
      this.#pulled = new Map([[one.id, resized(one.shape, grip.handle, at, card.size)]]);
      return;
    }
    const { scale } = this.#viewport;
    const annotations = this.#drawn();
    const shapes = annotations.map(({ shape }) => shape);
    const shift = snappedShift(shapes, (to.x - from.x) / scale, (to.y - from.y) / scale, card.size, reach);
    const places = moved(shapes, shift.x, shift.y, card.size);
    this.#pulled = new Map(annotations.flatMap(({ id }, place) => (places[place] ? [[id, places[place]]] : [])));
  }

  /** What was pulled stays where it is. */
  drop(): void {
    const pulled = this.#pulled;
    if (pulled.size === 0) return;
    this.#pulled = new Map();
    const { card, edits, annotations } = this.#review;
    if (card === null) return;
    const shapes = new Map([...pulled].map(([id, shape]) => [edits.idOf(id), shape]));
    edits.reshape(
      card.id,
      annotations.flatMap((annotation) => {
        const shape = shapes.get(edits.idOf(annotation.id));
        return shape ? { annotation, shape } : [];
      }),
    );
  }

  /** A click on a handle: a corner is chosen, with Alt it goes; between two corners there is one more. */
  touch(handle: Handle, isRemoval: boolean): void {
    const { card, selectedAnnotation: annotation } = this.#review;
    if (annotation === null || card === null || annotation.shape.kind !== "polygon") return;
    if (handle.kind === "side") return;
    this.#choose(annotation, handle.index);
    if (handle.kind === "between") this.insertCorner();
    else if (isRemoval) {
      this.#removeCorner(card, annotation, handle.index);
      this.letCornerGo();
    }
  }

  get hasCorners(): boolean {
    const { selectedAnnotation, areAnnotationsHidden } = this.#review;
    return selectedAnnotation !== null && !areAnnotationsHidden && cornersOf(selectedAnnotation.shape).length > 0;
  }

  /** The next corner of the selected annotation, or the one before; from none, its first or last. */
  stepCorner(step: 1 | -1): void {
    const { selectedAnnotation: annotation } = this.#review;
    if (annotation === null) return;
    const count = cornersOf(annotation.shape).length;
    const from = this.corner ?? (step === 1 ? -1 : 0);
    if (count > 0) this.#choose(annotation, (from + step + count) % count);
    this.#reveal();
  }

  /** One more corner, half-way from the chosen one to the next. */
  insertCorner(): void {
    const { card, edits, selectedAnnotation: annotation } = this.#review;
    const { corner } = this;
    const shape = annotation && corner !== null ? withCornerAfter(annotation.shape, corner) : null;
    if (card === null || annotation === null || corner === null || shape === null) return;
    edits.reshape(card.id, [{ annotation, shape }]);
    this.#choose(annotation, corner + 1);
    this.#reveal();
  }

  get canInsertCorner(): boolean {
    return this.corner !== null && this.#review.selectedAnnotation?.shape.kind === "polygon";
  }

  /** The corner that is chosen, or what is selected, goes. */
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

  /** Moves the corner that is chosen, or what is selected. */
  nudge(dx: number, dy: number): void {
    const { card, edits, selectedAnnotation: one } = this.#review;
    const annotations = this.#drawn();
    if (card === null || annotations.length === 0) return;
    if (this.corner !== null && one !== null) {
      edits.nudgeCorner(card, one, this.corner, dx, dy);
      this.#reveal();
    } else edits.nudge(card, annotations, dx, dy);
  }

  /** Of what is selected, that which has a place on the image. */
  #drawn(): Annotation[] {
    return this.#review.selectedAnnotations.filter(({ shape }) => boundsOf(shape) !== null);
  }

  #choose({ id: annotation }: Annotation, corner: number | null): void {
    this.#chosen = corner === null ? null : { annotation, corner };
  }

  /** The corner before the one that goes is the next in hand, so that several go one after the other. */
  #removeCorner(card: ImageCard, annotation: Annotation, index: number): void {
    const shape = withoutCorner(annotation.shape, index);
    if (shape === null) {
      this.#cornerStays();
      return;
    }
    this.#review.edits.reshape(card.id, [{ annotation, shape }]);
    this.#choose(annotation, Math.max(0, index - 1));
  }

  /** What is moved by keys must be in sight. */
  #reveal(): void {
    const { selectedAnnotation: annotation } = this.#review;
    const at = annotation && this.corner !== null ? cornersOf(annotation.shape)[this.corner] : undefined;
    if (at) this.#viewport.revealPoint(at);
  }
}
