/**
 * The tool in hand and what it is at: a shape being drawn (`drawing`), the selected annotations in hand (`shaping`), a name being
 * written. Pointers come in through `touch`, keys through `deeds`; what is done goes out through `review.edits`.
 */
import type { Annotation, AnnotationId, Point, Shape } from "../ipc/bindings";
import type { Viewport } from "../photo/viewport.svelte";
import { CAPTION_LABEL } from "./changes";
import { Drawing, type DrawingTool } from "./drawing.svelte";
import { snapped } from "./reshape";
import type { Review } from "./review.svelte";
import { type Grip, Shaping, SNAP } from "./shaping.svelte";

export type Tool = "select" | DrawingTool;

/** Words that are being written. */
export type Writing =
  | { kind: "rename"; annotations: readonly AnnotationId[] }
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
  readonly shaping: Shaping;

  tool = $state<Tool>("select");
  writing = $state.raw<Writing | null>(null);
  /** Where the pointer is on the image, while it is on the canvas. */
  pointer = $state.raw<Point | null>(null);

  readonly isDrawing = $derived(this.tool !== "select");

  /** `cornerStays` says that a corner cannot be taken away. */
  constructor(review: Review, viewport: Viewport, cornerStays: () => void) {
    this.#review = review;
    this.#viewport = viewport;
    this.shaping = new Shaping(review, viewport, cornerStays);
    this.#drawing = new Drawing(viewport, (shape) => this.#add(shape));
  }

  /** What is being drawn, as it would be now. */
  get sketch(): Shape | null {
    return this.#drawing.sketch;
  }

  take(tool: Tool): void {
    this.tool = tool;
    this.#drawing.abandon();
    this.shaping.letCornerGo();
  }

  /** Another image: what was begun was about the one before. */
  letGo(): void {
    this.#drawing.abandon();
    this.shaping.letGo();
    this.writing = null;
  }

  /** One step back towards nothing: the draft, the tool, the selection. */
  escape(): void {
    if (this.#drawing.isBegun) this.#drawing.abandon();
    else if (this.shaping.corner !== null) this.shaping.letCornerGo();
    else if (this.isDrawing) this.tool = "select";
    else this.#review.select(null);
  }

  get canEscape(): boolean {
    return this.isDrawing || this.#review.selectedAnnotations.length > 0;
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

  // With what is selected.

  gripAt(view: Point): Grip | null {
    return this.isDrawing ? null : this.shaping.gripAt(view);
  }

  pull(grip: Grip, from: Point, to: Point, held: Held): void {
    this.shaping.pull(grip, from, to, this.#reach(held));
  }

  selectAll(): void {
    this.shaping.letCornerGo();
    this.#review.selectAll();
  }

  /** What is selected is called so now, and so is what is drawn next. */
  call(name: string): void {
    const { card, edits, selectedAnnotations, vocabulary } = this.#review;
    vocabulary.choose(name);
    if (card !== null) edits.relabel(card.id, selectedAnnotations, name);
  }

  // Words.

  /** Writes a name for what is selected. */
  rename(): void {
    const annotations = this.#review.selectedAnnotations.filter(hasName);
    if (annotations.length > 0) this.writing = { kind: "rename", annotations: annotations.map(({ id }) => id) };
  }

  get canRename(): boolean {
    return this.#review.selectedAnnotations.some(hasName);
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
      const { edits } = this.#review;
      const meant = new Set(writing.annotations.map((id) => edits.idOf(id)));
      const annotations = card.annotations.filter(({ id }) => meant.has(edits.idOf(id)));
      edits.relabel(card.id, annotations, said);
    }
  }

  #pointOf(view: Point, held: Held): Point {
    return snapped(this.#viewport.imageFromView(view), this.#viewport.image, this.#reach(held));
  }

  #reach({ isFree }: Held): number {
    return isFree ? 0 : SNAP / this.#viewport.scale;
  }

  /** A new annotation, called as the recipe's last one; without any label yet its name is asked for first. */
  #add(shape: Shape, label: string | null = this.#review.vocabulary.current): void {
    const card = this.#review.card;
    if (card === null || this.#review.isAtEnd) return;
    if (label === null) this.writing = { kind: "name", shape };
    else this.#review.select(this.#review.edits.add(card.id, { label, shape, attributes: {} }));
  }
}

/** Words of a caption are what it says, not what it is called. */
function hasName({ shape }: Annotation): boolean {
  return shape.kind !== "caption";
}
