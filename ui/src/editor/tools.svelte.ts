/**
 * The active tool and its state: a shape being drawn (`drawing`), the selection being edited (`shaping`), text being
 * entered. Pointer input comes through `pointer`, keys through `commands`; results go to `review.edits`.
 */
import type { Annotation, AnnotationId, Point, Shape } from "../api/bindings";
import type { Viewport } from "../photo/viewport.svelte";
import { CAPTION_LABEL } from "./changes";
import { Drawing, type DrawingTool } from "./drawing.svelte";
import { snapped } from "./reshape";
import type { Review } from "./review.svelte";
import { type DragTarget, Shaping, SNAP } from "./shaping.svelte";

export type Tool = "select" | DrawingTool;

/** Text being entered. */
export type TextEntry =
  | { kind: "rename"; annotations: readonly AnnotationId[] }
  /** The label of a new shape. */
  | { kind: "name"; shape: Shape }
  | { kind: "caption" };

/** Modifier keys held during a pointer event. */
export interface Modifiers {
  /** Alt: no snapping to the image edge. */
  isFree: boolean;
  /** Shift: square. */
  isSquare: boolean;
}

export class Tools {
  readonly #review: Review;
  readonly #isReadOnly: () => boolean;
  readonly #viewport: Viewport;

  readonly #drawing: Drawing;
  readonly shaping: Shaping;

  tool = $state<Tool>("select");
  textEntry = $state.raw<TextEntry | null>(null);
  /** Pointer position in image pixels, while over the canvas. */
  pointer = $state.raw<Point | null>(null);

  readonly isDrawing = $derived(this.tool !== "select");

  /** `cornerStays` reports that a corner cannot be deleted. */
  constructor(review: Review, viewport: Viewport, cornerStays: () => void, isReadOnly = () => false) {
    this.#isReadOnly = isReadOnly;
    this.#review = review;
    this.#viewport = viewport;
    this.shaping = new Shaping(review, viewport, cornerStays);
    this.#drawing = new Drawing(viewport, (shape) => this.#add(shape));
  }

  get sketch(): Shape | null {
    return this.#drawing.sketch;
  }

  choose(tool: Tool): void {
    this.tool = tool;
    this.#drawing.abandon();
    this.shaping.deselectCorner();
  }

  /** Another image is shown: cancels what is in progress. */
  cancel(): void {
    this.#drawing.abandon();
    this.shaping.cancel();
    this.textEntry = null;
  }

  /** Cancels the innermost state: the draft, the tool, then the selection. */
  escape(): void {
    if (this.#drawing.isBegun) this.#drawing.abandon();
    else if (this.shaping.corner !== null) this.shaping.deselectCorner();
    else if (this.isDrawing) this.tool = "select";
    else this.#review.select(null);
  }

  get canEscape(): boolean {
    return this.isDrawing || this.#review.selectedAnnotations.length > 0;
  }

  // Drawing tools.

  press(view: Point, modifiers: Modifiers): void {
    if (this.tool !== "select") this.#drawing.press(this.tool, this.#pointOf(view, modifiers), modifiers.isSquare);
  }

  /** Pointer movement, pressed or not. */
  movePointer(view: Point, modifiers: Modifiers): void {
    this.#drawing.movePointer(this.#pointOf(view, modifiers), modifiers.isSquare);
  }

  release(view: Point, modifiers: Modifiers, isDragged: boolean): void {
    if (isDragged) this.#drawing.release(this.#pointOf(view, modifiers), modifiers.isSquare);
  }

  finish(): void {
    if (this.tool !== "select") this.#drawing.finish(this.tool);
  }

  get canFinish(): boolean {
    return this.isDrawing && this.#drawing.canFinish;
  }

  removeLastCorner(): void {
    this.#drawing.removeLastCorner();
  }

  get canRemoveLastCorner(): boolean {
    return this.#drawing.isPolygon;
  }

  // Selection.

  dragTargetAt(view: Point): DragTarget | null {
    return this.isDrawing || this.#isReadOnly() ? null : this.shaping.dragTargetAt(view);
  }

  drag(target: DragTarget, from: Point, to: Point, modifiers: Modifiers): void {
    this.shaping.drag(target, from, to, this.#reach(modifiers));
  }

  selectAll(): void {
    this.shaping.deselectCorner();
    this.#review.selectAll();
  }

  /** Labels the selection, and what is drawn next. */
  setLabel(name: string): void {
    const { card, edits, selectedAnnotations, vocabulary } = this.#review;
    vocabulary.choose(name);
    if (card !== null) edits.relabel(card.id, selectedAnnotations, name);
  }

  // Text entry.

  /** Opens the label field for the selection. */
  rename(): void {
    const annotations = this.#review.selectedAnnotations.filter(hasName);
    if (annotations.length > 0) this.textEntry = { kind: "rename", annotations: annotations.map(({ id }) => id) };
  }

  get canRename(): boolean {
    return this.#review.selectedAnnotations.some(hasName);
  }

  /** Opens the label field for the whole image. */
  tagImage(): void {
    this.textEntry = { kind: "name", shape: { kind: "image_tag" } };
  }

  caption(): void {
    this.textEntry = { kind: "caption" };
  }

  /** Saves the entered text. */
  submitText(text: string): void {
    const { textEntry } = this;
    const label = text.trim();
    this.textEntry = null;
    if (textEntry === null || label === "") return;
    const card = this.#review.card;
    if (card === null) return;
    if (textEntry.kind === "name") this.#add(textEntry.shape, label);
    else if (textEntry.kind === "caption") this.#add({ kind: "caption", text: label }, CAPTION_LABEL);
    else {
      const { edits } = this.#review;
      const ids = new Set(textEntry.annotations.map((id) => edits.idOf(id)));
      const annotations = card.annotations.filter(({ id }) => ids.has(edits.idOf(id)));
      edits.relabel(card.id, annotations, label);
    }
  }

  #pointOf(view: Point, modifiers: Modifiers): Point {
    return snapped(this.#viewport.imageFromView(view), this.#viewport.image, this.#reach(modifiers));
  }

  #reach({ isFree }: Modifiers): number {
    return isFree ? 0 : SNAP / this.#viewport.scale;
  }

  /** Adds an annotation with the last used label; asks for one if there is none yet. */
  #add(shape: Shape, label: string | null = this.#review.vocabulary.current): void {
    const card = this.#review.card;
    if (card === null || this.#review.isAtEnd) return;
    if (label === null) this.textEntry = { kind: "name", shape };
    else this.#review.select(this.#review.edits.add(card.id, { label, shape, attributes: {} }));
  }
}

/** A caption has text instead of a label. */
function hasName({ shape }: Annotation): boolean {
  return shape.kind !== "caption";
}
