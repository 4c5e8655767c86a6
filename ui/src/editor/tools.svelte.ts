/**
 * The tool in hand and what it is at: a shape being drawn (`drawing`), a mark being pulled, a name being written. Pointers
 * come in through `mouse`, keys through `deeds`; what is done goes out through `review.edits`.
 */
import type { Annotation, AnnotationId, Point, Shape } from "../ipc/bindings";
import { boundsOf } from "../kit/shape";
import { CAPTION_LABEL } from "./changes";
import { Drawing, type DrawingTool } from "./drawing.svelte";
import { isUnder } from "./hit";
import { type Handle, handleAt, moved, pulledHandle, resized, snapped, snappedShift, withoutCorner } from "./reshape";
import type { Review } from "./review.svelte";
import type { Viewport } from "../photo/viewport.svelte";

export type Tool = "select" | DrawingTool;

/** In CSS pixels: from so near the image's edge is meant, from so near a handle is. */
const SNAP = 6;
const REACH = 8;
/** Of a handle, as it is painted. */
export const HANDLE = 7;
/** Where a copy lies, in CSS pixels from its original. */
const COPY_SHIFT = 12;

/** What a pointer has hold of. */
export type Grip = { kind: "handle"; handle: Handle } | { kind: "body" };

/** A mark that is being pulled, and what it would be now. */
interface Pulled {
  mark: AnnotationId;
  shape: Shape;
}

/** Words that are being written. */
export type Writing =
  | { kind: "rename"; mark: AnnotationId }
  /** The name of a shape that has none yet. */
  | { kind: "name"; shape: Shape }
  | { kind: "caption" };

/** Keys that are held while a pointer moves. */
export interface Held {
  /** Alt: the image's edge takes nothing. */
  isFree: boolean;
  /** Shift: as high as wide. */
  isSquare: boolean;
}

export class Tools {
  readonly #review: Review;
  readonly #viewport: Viewport;

  readonly #drawing: Drawing;

  tool = $state<Tool>("select");
  #pulled = $state.raw<Pulled | null>(null);
  writing = $state.raw<Writing | null>(null);
  /** Where the pointer is on the image, while it is on the canvas. */
  pointer = $state.raw<Point | null>(null);
  /** The corner of the selected polygon that was taken hold of last. */
  corner = $state<number | null>(null);

  readonly isDrawing = $derived(this.tool !== "select");
  /** Marks as they show: the one that is being pulled is where the pointer has it. */
  readonly marks = $derived.by<readonly Annotation[]>(() => {
    const pulled = this.#pulled;
    const marks = this.#review.visibleMarks;
    if (pulled === null) return marks;
    const id = this.#review.edits.idOf(pulled.mark);
    return marks.map((mark) => (mark.id === id || mark.id === pulled.mark ? { ...mark, shape: pulled.shape } : mark));
  });

  constructor(review: Review, viewport: Viewport) {
    this.#review = review;
    this.#viewport = viewport;
    this.#drawing = new Drawing(viewport, (shape) => this.#add(shape));
  }

  /** What is being drawn, as it would be now. */
  get sketch(): Shape | null {
    return this.#drawing.sketch;
  }

  take(tool: Tool): void {
    this.tool = tool;
    this.#drawing.abandon();
    this.corner = null;
  }

  /** Another image, another mark: what was begun was about the one before. */
  letGo(): void {
    this.#drawing.abandon();
    this.#pulled = null;
    this.writing = null;
    this.corner = null;
  }

  /** One step back towards nothing: the draft, the tool, the selection. */
  escape(): void {
    if (this.#drawing.isBegun) this.#drawing.abandon();
    else if (this.corner !== null) this.corner = null;
    else if (this.isDrawing) this.tool = "select";
    else this.#review.select(null);
  }

  get canEscape(): boolean {
    return this.isDrawing || this.#review.selected !== null;
  }

  // With a drawing tool.

  press(view: Point, held: Held): void {
    if (this.tool !== "select") this.#drawing.press(this.tool, this.#pointOf(view, held), held.isSquare);
  }

  /** The pointer goes on, pressed or not. */
  trace(view: Point, held: Held): void {
    this.#drawing.trace(this.#pointOf(view, held), held.isSquare);
  }

  lift(view: Point, held: Held, isDragged: boolean): void {
    if (isDragged) this.#drawing.lift(this.#pointOf(view, held), held.isSquare);
  }

  finish(): void {
    if (this.tool !== "select") this.#drawing.finish(this.tool);
  }

  get canFinish(): boolean {
    return this.isDrawing && this.#drawing.canFinish;
  }

  takeCornerBack(): void {
    this.#drawing.takeCornerBack();
  }

  get canTakeCornerBack(): boolean {
    return this.#drawing.isPolygon;
  }

  // With the selected mark.

  /** What a press would take hold of. */
  gripAt(view: Point): Grip | null {
    const mark = this.#review.selectedMark;
    if (this.isDrawing || mark === null || this.#review.areMarksHidden) return null;
    const at = this.#viewport.imageFromView(view);
    const { scale } = this.#viewport;
    const handle = handleAt(mark.shape, at, HANDLE / scale, REACH / scale);
    if (handle !== null) return { kind: "handle", handle };
    return isUnder(mark.shape, at, mark.shape.kind === "point" ? REACH / scale : 0) ? { kind: "body" } : null;
  }

  /** What was taken hold of at one place is at another now. */
  pull(grip: Grip, from: Point, to: Point, held: Held): void {
    const mark = this.#review.selectedMark;
    const card = this.#review.card;
    if (mark === null || card === null) return;
    const reach = this.#reach(held);
    if (grip.kind === "handle") {
      const at = snapped(this.#viewport.imageFromView(to), card.size, reach);
      const pulled = pulledHandle(grip.handle);
      this.corner = pulled.kind === "corner" ? pulled.index : null;
      this.#pulled = { mark: mark.id, shape: resized(mark.shape, grip.handle, at, card.size) };
      return;
    }
    const { scale } = this.#viewport;
    const shift = snappedShift(mark.shape, (to.x - from.x) / scale, (to.y - from.y) / scale, card.size, reach);
    this.#pulled = { mark: mark.id, shape: moved(mark.shape, shift.x, shift.y, card.size) };
  }

  /** What was pulled stays where it is. */
  drop(): void {
    const pulled = this.#pulled;
    if (pulled === null) return;
    this.#pulled = null;
    const mark = this.#review.selectedMark;
    const card = this.#review.card;
    if (mark !== null && card !== null) this.#review.edits.change(card.id, mark, { shape: pulled.shape });
  }

  /** A click on a handle: a corner is chosen, with Alt it goes; between two corners there is one more. */
  touch(handle: Handle, isRemoval: boolean): void {
    const mark = this.#review.selectedMark;
    const card = this.#review.card;
    if (mark === null || card === null || mark.shape.kind !== "polygon") return;
    if (handle.kind === "corner") {
      this.corner = handle.index;
      if (isRemoval) this.#removeCorner(mark, handle.index);
    } else if (handle.kind === "between") {
      const { points } = mark.shape;
      const [from, to] = [points[handle.index], points[(handle.index + 1) % points.length]];
      if (!from || !to) return;
      const at = { x: Math.round((from.x + to.x) / 2), y: Math.round((from.y + to.y) / 2) };
      this.corner = handle.index + 1;
      this.#review.edits.change(card.id, mark, { shape: resized(mark.shape, handle, at, card.size) });
    }
  }

  /** The corner that is chosen, or the selected mark, goes. */
  remove(): void {
    const mark = this.#review.selectedMark;
    const card = this.#review.card;
    if (mark === null || card === null) return;
    if (this.corner !== null) this.#removeCorner(mark, this.corner);
    else {
      this.#review.edits.remove(card.id, mark);
      this.#review.select(null);
    }
  }

  duplicate(): void {
    const mark = this.#review.selectedMark;
    const card = this.#review.card;
    if (mark === null || card === null) return;
    const shift = Math.max(1, Math.round(COPY_SHIFT / this.#viewport.scale));
    this.#review.select(this.#review.edits.duplicate(card, mark, shift));
  }

  nudge(dx: number, dy: number): void {
    const mark = this.#review.selectedMark;
    const card = this.#review.card;
    if (mark !== null && card !== null && boundsOf(mark.shape) !== null) this.#review.edits.nudge(card, mark, dx, dy);
  }

  /** With a mark selected that is what it is called now; what is drawn next is called so in any case. */
  call(name: string): void {
    const mark = this.#review.selectedMark;
    const card = this.#review.card;
    this.#review.vocabulary.choose(name);
    if (mark !== null && card !== null && mark.label !== name)
      this.#review.edits.change(card.id, mark, { label: name });
  }

  // Words.

  /** Writes a name for the selected mark. */
  rename(): void {
    const mark = this.#review.selectedMark;
    if (mark !== null) this.writing = { kind: "rename", mark: mark.id };
  }

  /** Writes what the image as a whole is called. */
  tagImage(): void {
    this.writing = { kind: "name", shape: { kind: "image_tag" } };
  }

  caption(): void {
    this.writing = { kind: "caption" };
  }

  /** What was written holds. */
  write(text: string): void {
    const { writing } = this;
    const said = text.trim();
    this.writing = null;
    if (writing === null || said === "") return;
    const card = this.#review.card;
    if (card === null) return;
    if (writing.kind === "name") this.#add(writing.shape, said);
    else if (writing.kind === "caption") this.#add({ kind: "caption", text: said }, CAPTION_LABEL);
    else {
      const id = this.#review.edits.idOf(writing.mark);
      const mark = card.marks.find((each) => each.id === id);
      if (mark && mark.label !== said) this.#review.edits.change(card.id, mark, { label: said });
    }
  }

  #pointOf(view: Point, held: Held): Point {
    return snapped(this.#viewport.imageFromView(view), this.#viewport.image, this.#reach(held));
  }

  #reach({ isFree }: Held): number {
    return isFree ? 0 : SNAP / this.#viewport.scale;
  }

  /** A new mark, called as the latest one; without any label yet its name is asked for first. */
  #add(shape: Shape, label: string | null = this.#review.vocabulary.current): void {
    const card = this.#review.card;
    if (card === null || this.#review.isAtEnd) return;
    if (label === null) this.writing = { kind: "name", shape };
    else this.#review.select(this.#review.edits.add(card.id, { label, shape, attributes: {} }));
  }

  #removeCorner(mark: Annotation, index: number): void {
    const shape = withoutCorner(mark.shape, index);
    const card = this.#review.card;
    this.corner = null;
    if (shape !== null && card !== null) this.#review.edits.change(card.id, mark, { shape });
  }
}
