/** A shape that is being drawn: by dragging, by clicks, or put down without a pointer. What is done goes to `add`. */
import type { Point, Rect, Shape } from "../ipc/bindings";
import { boxBetween, distance, snapped } from "./reshape";
import type { Viewport } from "../photo/viewport.svelte";

export type DrawingTool = "box" | "polygon" | "point";

/** In CSS pixels: from so near a corner that was set is meant. */
const REACH = 8;
/** Of what is seen, the share that a shape takes which is put down without a pointer. */
const PLACED_SHARE = 0.3;

type Draft =
  | { kind: "box"; from: Point; to: Point; isSquare: boolean }
  /** `next` is where the corner would be that has not been set yet. */
  | { kind: "polygon"; corners: readonly Point[]; next: Point };

export class Drawing {
  readonly #viewport: Viewport;
  readonly #add: (shape: Shape) => void;

  #draft = $state.raw<Draft | null>(null);

  /** What is being drawn, as it would be now. */
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

  /** A press on the image. */
  press(tool: DrawingTool, at: Point, isSquare: boolean): void {
    if (tool === "point") this.#add({ kind: "point", at });
    else if (tool === "polygon") this.#addCorner(at);
    else if (this.#draft?.kind === "box") this.#endBox(at, isSquare);
    else this.#draft = { kind: "box", from: at, to: at, isSquare };
  }

  /** The pointer goes on, pressed or not. */
  trace(at: Point, isSquare: boolean): void {
    const draft = this.#draft;
    if (draft?.kind === "box") this.#draft = { ...draft, to: at, isSquare };
    else if (draft?.kind === "polygon") this.#draft = { ...draft, next: at };
  }

  /** A drag has ended. A box that was not dragged waits for its other corner. */
  lift(at: Point, isSquare: boolean): void {
    if (this.#draft?.kind === "box") this.#endBox(at, isSquare);
  }

  /** Closes what is begun; with nothing begun puts a shape into the middle of what is seen. */
  finish(tool: DrawingTool): void {
    const draft = this.#draft;
    if (draft?.kind === "polygon") this.#closePolygon(draft.corners);
    else if (draft?.kind === "box") this.#endBox(draft.to, draft.isSquare);
    else this.#place(tool);
  }

  get canFinish(): boolean {
    return this.#draft?.kind !== "polygon" || this.#draft.corners.length >= 3;
  }

  /** Takes the latest corner back. */
  takeCornerBack(): void {
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
    // The first corner again closes it, and so does the latest one: that is a double click.
    if (corners.length >= 3 && (isNear(corners[0]) || isNear(corners.at(-1)))) this.#closePolygon(corners);
    else if (!isNear(corners.at(-1))) this.#draft = { kind: "polygon", corners: [...corners, at], next: at };
  }

  #closePolygon(corners: readonly Point[]): void {
    if (corners.length < 3) return;
    this.#draft = null;
    this.#add({ kind: "polygon", points: [...corners] });
  }

  /** A shape in the middle of what is seen, for hands without a pointer. */
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
