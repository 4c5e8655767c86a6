/**
 * The tool in hand and what it is at: a shape being drawn, a mark being pulled, a name being written. Pointers come in
 * through `mouse`, keys through `deeds`; what is done goes out through `review.edits`.
 */
import type { Annotation, AnnotationId, Point, Rect, Shape } from "../ipc/bindings";
import { boundsOf } from "../kit/shape";
import { CAPTION_LABEL } from "./changes";
import { isUnder } from "./hit";
import {
  boxBetween,
  distance,
  type Handle,
  handleAt,
  moved,
  pulledHandle,
  resized,
  snapped,
  snappedShift,
  withoutCorner,
} from "./reshape";
import type { Review } from "./review.svelte";
import type { Viewport } from "./viewport.svelte";

export const TOOLS = ["select", "box", "polygon", "point"] as const;
export type Tool = (typeof TOOLS)[number];

/** In CSS pixels: from so near the image's edge is meant, from so near a handle or the first corner is. */
const SNAP = 6;
const REACH = 8;
/** Of a handle, as it is painted. */
export const HANDLE = 7;
/** Where a copy lies, in CSS pixels from its original. */
const COPY_SHIFT = 12;
/** Of what is seen, the share that a shape takes which is put down without a pointer. */
const PLACED_SHARE = 0.3;

/** What a pointer has hold of. */
export type Grip = { kind: "handle"; handle: Handle } | { kind: "body" };

type Draft =
  | { kind: "box"; from: Point; to: Point; isSquare: boolean }
  /** `next` is where the corner would be that has not been set yet. */
  | { kind: "polygon"; corners: readonly Point[]; next: Point }
  | { kind: "pull"; mark: AnnotationId; shape: Shape };

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

  tool = $state<Tool>("select");
  draft = $state.raw<Draft | null>(null);
  writing = $state.raw<Writing | null>(null);
  /** Where the pointer is on the image, while it is on the canvas. */
  pointer = $state.raw<Point | null>(null);
  /** The corner of the selected polygon that was taken hold of last. */
  corner = $state<number | null>(null);

  readonly isDrawing = $derived(this.tool !== "select");
  /** What is being drawn, as it would be now. */
  readonly sketch = $derived.by<Shape | null>(() => this.#sketch());
  /** Marks as they show: the one that is being pulled is where the pointer has it. */
  readonly marks = $derived.by<readonly Annotation[]>(() => {
    const { draft } = this;
    const marks = this.#review.visibleMarks;
    if (draft?.kind !== "pull") return marks;
    const id = this.#review.edits.idOf(draft.mark);
    return marks.map((mark) => (mark.id === id || mark.id === draft.mark ? { ...mark, shape: draft.shape } : mark));
  });

  constructor(review: Review, viewport: Viewport) {
    this.#review = review;
    this.#viewport = viewport;
  }

  take(tool: Tool): void {
    this.tool = tool;
    this.draft = null;
    this.corner = null;
  }

  /** Another image, another mark: what was begun was about the one before. */
  letGo(): void {
    this.draft = null;
    this.writing = null;
    this.corner = null;
  }

  /** One step back towards nothing: the draft, the tool, the selection. */
  escape(): void {
    if (this.draft !== null) this.draft = null;
    else if (this.corner !== null) this.corner = null;
    else if (this.isDrawing) this.tool = "select";
    else this.#review.select(null);
  }

  get canEscape(): boolean {
    return this.draft !== null || this.isDrawing || this.#review.selected !== null;
  }

  // With a drawing tool.

  /** A press on the canvas. */
  press(view: Point, held: Held): void {
    const at = this.#pointOf(view, held);
    switch (this.tool) {
      case "box":
        if (this.draft?.kind === "box") this.#endBox(at, held);
        else this.draft = { kind: "box", from: at, to: at, isSquare: held.isSquare };
        break;
      case "polygon":
        this.#addCorner(at);
        break;
      case "point":
        this.#add({ kind: "point", at });
        break;
      case "select":
        break;
    }
  }

  /** The pointer goes on, pressed or not. */
  trace(view: Point, held: Held): void {
    const at = this.#pointOf(view, held);
    const { draft } = this;
    if (draft?.kind === "box") this.draft = { ...draft, to: at, isSquare: held.isSquare };
    else if (draft?.kind === "polygon") this.draft = { ...draft, next: at };
  }

  /** The pointer was let go. A box that was not dragged waits for its other corner. */
  lift(view: Point, held: Held, isDragged: boolean): void {
    if (this.draft?.kind === "box" && isDragged) this.#endBox(this.#pointOf(view, held), held);
  }

  /** Closes the polygon; with nothing begun puts a shape into the middle of what is seen. */
  finish(): void {
    if (this.draft?.kind === "polygon") this.#closePolygon(this.draft.corners);
    else if (this.draft?.kind === "box") this.#endBox(this.draft.to, { isFree: false, isSquare: this.draft.isSquare });
    else if (this.draft === null) this.#place();
  }

  get canFinish(): boolean {
    const { draft } = this;
    return this.isDrawing && (draft?.kind !== "polygon" || draft.corners.length >= 3);
  }

  /** Takes the latest corner back. */
  takeCornerBack(): void {
    if (this.draft?.kind !== "polygon") return;
    const corners = this.draft.corners.slice(0, -1);
    this.draft = corners.length === 0 ? null : { ...this.draft, corners };
  }

  get canTakeCornerBack(): boolean {
    return this.draft?.kind === "polygon";
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
      this.draft = { kind: "pull", mark: mark.id, shape: resized(mark.shape, grip.handle, at, card.size) };
      return;
    }
    const { scale } = this.#viewport;
    const shift = snappedShift(mark.shape, (to.x - from.x) / scale, (to.y - from.y) / scale, card.size, reach);
    this.draft = { kind: "pull", mark: mark.id, shape: moved(mark.shape, shift.x, shift.y, card.size) };
  }

  /** What was pulled stays where it is. */
  drop(): void {
    const { draft } = this;
    if (draft?.kind !== "pull") return;
    this.draft = null;
    const mark = this.#review.selectedMark;
    const card = this.#review.card;
    if (mark !== null && card !== null) this.#review.edits.change(card.id, mark, { shape: draft.shape });
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

  #sketch(): Shape | null {
    const { draft } = this;
    if (draft?.kind === "box")
      return { kind: "box", rect: boxBetween(draft.from, draft.to, this.#viewport.image, draft.isSquare) };
    if (draft?.kind === "polygon") return { kind: "polygon", points: [...draft.corners, draft.next] };
    return null;
  }

  #endBox(to: Point, { isSquare }: Held): void {
    if (this.draft?.kind !== "box") return;
    const rect = boxBetween(this.draft.from, to, this.#viewport.image, isSquare);
    this.draft = null;
    this.#add({ kind: "box", rect });
  }

  #addCorner(at: Point): void {
    const corners = this.draft?.kind === "polygon" ? this.draft.corners : [];
    const reach = REACH / this.#viewport.scale;
    const isNear = (corner: Point | undefined) => corner !== undefined && distance(corner, at) <= reach;
    // The first corner again closes it, and so does the latest one: that is a double click.
    if (corners.length >= 3 && (isNear(corners[0]) || isNear(corners.at(-1)))) this.#closePolygon(corners);
    else if (!isNear(corners.at(-1))) this.draft = { kind: "polygon", corners: [...corners, at], next: at };
  }

  #closePolygon(corners: readonly Point[]): void {
    if (corners.length < 3) return;
    this.draft = null;
    this.#add({ kind: "polygon", points: [...corners] });
  }

  /** A shape in the middle of what is seen, for hands without a pointer. */
  #place(): void {
    const { view, image } = this.#viewport;
    const from = snapped(this.#viewport.imageFromView({ x: 0, y: 0 }), image, 0);
    const to = snapped(this.#viewport.imageFromView({ x: view.width, y: view.height }), image, 0);
    const middle = { x: Math.round((from.x + to.x) / 2), y: Math.round((from.y + to.y) / 2) };
    const [width, height] = [(to.x - from.x) * PLACED_SHARE, (to.y - from.y) * PLACED_SHARE].map((length) =>
      Math.max(1, Math.round(length / 2)),
    ) as [number, number];
    const rect: Rect = boxBetween(
      { x: middle.x - width, y: middle.y - height },
      { x: middle.x + width, y: middle.y + height },
      image,
    );
    if (this.tool === "point") this.#add({ kind: "point", at: middle });
    else if (this.tool === "box") this.#add({ kind: "box", rect });
    else {
      const { x1, y1, x2, y2 } = rect;
      const points = [
        { x: middle.x, y: y1 },
        { x: x2, y: middle.y },
        { x: middle.x, y: y2 },
        { x: x1, y: middle.y },
      ];
      this.#add({ kind: "polygon", points });
    }
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
