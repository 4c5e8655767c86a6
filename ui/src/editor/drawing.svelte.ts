/** A shape being drawn: by dragging, by clicks, or placed by keyboard. The finished shape goes to `add`. */
import type { Point, Rect, Shape } from "../api/bindings";
import { boxBetween, distance, snapped } from "./reshape";
import type { Viewport } from "../photo/viewport.svelte";

export type DrawingTool = "box" | "polygon" | "point";

/** Distance within which a click hits an existing corner, in CSS pixels. */
const REACH = 8;
/** Size of a shape placed by keyboard, as a share of the view. */
const PLACED_SHARE = 0.3;

type Draft =
  | { kind: "box"; from: Point; to: Point; isSquare: boolean }
  /** `next` follows the pointer and is not set yet. */
  | { kind: "polygon"; corners: readonly Point[]; next: Point };

export class Drawing {
  readonly #viewport: Viewport;
  readonly #add: (shape: Shape) => void;

  #draft = $state.raw<Draft | null>(null);

  /** The shape as it would be if drawing ended now. */
  readonly sketch = $derived.by<Shape | null>(() => {
    const draft = this.#draft;
    if (draft === null) return null;
    if (draft.kind === "polygon") return { kind: "polygon", points: [...draft.corners, draft.next] };
    return { kind: "box", rect: boxBetween(draft.from, draft.to, this.#viewport.image, draft.isSquare) };
  });

  constructor(viewport: Viewport, add: (shape: Shape) => void) {
    this.#viewport = viewport;
    this.#add = add;
  }

  get isBegun(): boolean {
    return this.#draft !== null;
  }

  get isPolygon(): boolean {
    return this.#draft?.kind === "polygon";
  }

  abandon(): void {
    this.#draft = null;
  }

  press(tool: DrawingTool, at: Point, isSquare: boolean): void {
    if (tool === "point") this.#add({ kind: "point", at });
    else if (tool === "polygon") this.#addCorner(at);
    else if (this.#draft?.kind === "box") this.#endBox(at, isSquare);
    else this.#draft = { kind: "box", from: at, to: at, isSquare };
  }

  /** Pointer movement, pressed or not. */
  movePointer(at: Point, isSquare: boolean): void {
    const draft = this.#draft;
    if (draft?.kind === "box") this.#draft = { ...draft, to: at, isSquare };
    else if (draft?.kind === "polygon") this.#draft = { ...draft, next: at };
  }

  /** Ends a drag. A box that was clicked instead of dragged waits for its second corner. */
  release(at: Point, isSquare: boolean): void {
    if (this.#draft?.kind === "box") this.#endBox(at, isSquare);
  }

  /** Closes the shape, or places one in the center if none is begun. */
  finish(tool: DrawingTool): void {
    const draft = this.#draft;
    if (draft?.kind === "polygon") this.#closePolygon(draft.corners);
    else if (draft?.kind === "box") this.#endBox(draft.to, draft.isSquare);
    else this.#place(tool);
  }

  get canFinish(): boolean {
    return this.#draft?.kind !== "polygon" || this.#draft.corners.length >= 3;
  }

  /** Removes the latest corner. */
  removeLastCorner(): void {
    if (this.#draft?.kind !== "polygon") return;
    const corners = this.#draft.corners.slice(0, -1);
    this.#draft = corners.length === 0 ? null : { ...this.#draft, corners };
  }

  #endBox(to: Point, isSquare: boolean): void {
    if (this.#draft?.kind !== "box") return;
    const rect = boxBetween(this.#draft.from, to, this.#viewport.image, isSquare);
    this.#draft = null;
    this.#add({ kind: "box", rect });
  }

  #addCorner(at: Point): void {
    const corners = this.#draft?.kind === "polygon" ? this.#draft.corners : [];
    const reach = REACH / this.#viewport.scale;
    const isNear = (corner: Point | undefined) => corner !== undefined && distance(corner, at) <= reach;
    // A click on the first corner closes the polygon, as does a double click (the latest corner).
    if (corners.length >= 3 && (isNear(corners[0]) || isNear(corners.at(-1)))) this.#closePolygon(corners);
    else if (!isNear(corners.at(-1))) this.#draft = { kind: "polygon", corners: [...corners, at], next: at };
  }

  #closePolygon(corners: readonly Point[]): void {
    if (corners.length < 3) return;
    this.#draft = null;
    this.#add({ kind: "polygon", points: [...corners] });
  }

  /** Places a shape in the center of the view, for keyboard use. */
  #place(tool: DrawingTool): void {
    const { view, image } = this.#viewport;
    const from = snapped(this.#viewport.imageFromView({ x: 0, y: 0 }), image, 0);
    const to = snapped(this.#viewport.imageFromView({ x: view.width, y: view.height }), image, 0);
    const middle = { x: Math.round((from.x + to.x) / 2), y: Math.round((from.y + to.y) / 2) };
    const half = (length: number) => Math.max(1, Math.round((length * PLACED_SHARE) / 2));
    const [width, height] = [half(to.x - from.x), half(to.y - from.y)];
    const rect: Rect = boxBetween(
      { x: middle.x - width, y: middle.y - height },
      { x: middle.x + width, y: middle.y + height },
      image,
    );
    if (tool === "point") this.#add({ kind: "point", at: middle });
    else if (tool === "box") this.#add({ kind: "box", rect });
    else this.#add({ kind: "polygon", points: diamondIn(rect) });
  }
}

function diamondIn({ x1, y1, x2, y2 }: Rect): Point[] {
  const middle = { x: Math.round((x1 + x2) / 2), y: Math.round((y1 + y2) / 2) };
  return [
    { x: middle.x, y: y1 },
    { x: x2, y: middle.y },
    { x: middle.x, y: y2 },
    { x: x1, y: middle.y },
  ];
}
