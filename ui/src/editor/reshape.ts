/**
 * Shape geometry for editing: handles, moving, resizing, corners. All in image pixels, clamped to the image and rounded
 * to whole pixels.
 */
import type { PixelSize, Point, Rect, Shape } from "../api/bindings";
import { boundsOfAll } from "../components/shape";

/** A draggable handle. Sides of a box are counted from its upper left: -1, 0 (middle), 1. */
export type Handle =
  | { kind: "side"; across: -1 | 0 | 1; down: -1 | 0 | 1 }
  | { kind: "corner"; index: number }
  /** Between this corner and the next; dragging it adds a corner. */
  | { kind: "between"; index: number };

export interface PlacedHandle {
  handle: Handle;
  at: Point;
}

/** An edge gets a middle handle only if it is at least this many handle sizes long. */
const ROOM_FOR_MIDDLE = 5;

/** The handles of a shape. `size` is the size of a handle. */
export function handlesOf(shape: Shape, size: number): PlacedHandle[] {
  switch (shape.kind) {
    case "box":
      return handlesOfBox(shape.rect, size);
    case "polygon":
      return handlesOfPolygon(shape.points, size);
    default:
      return [];
  }
}

function handlesOfBox({ x1, y1, x2, y2 }: Rect, size: number): PlacedHandle[] {
  const across = sidesAlong(x2 - x1, size);
  const down = sidesAlong(y2 - y1, size);
  return down.flatMap((vertical) =>
    across.flatMap((horizontal): PlacedHandle[] =>
      horizontal === 0 && vertical === 0
        ? []
        : [
            {
              handle: { kind: "side", across: horizontal, down: vertical },
              at: { x: (x1 + x2 + horizontal * (x2 - x1)) / 2, y: (y1 + y2 + vertical * (y2 - y1)) / 2 },
            },
          ],
    ),
  );
}

function sidesAlong(length: number, size: number): (-1 | 0 | 1)[] {
  return length < ROOM_FOR_MIDDLE * size ? [-1, 1] : [-1, 0, 1];
}

function handlesOfPolygon(points: Point[], size: number): PlacedHandle[] {
  const corners = points.map((at, index): PlacedHandle => ({ handle: { kind: "corner", index }, at }));
  const middles = points.flatMap((from, index): PlacedHandle[] => {
    const to = points[(index + 1) % points.length] ?? from;
    if (distance(from, to) < ROOM_FOR_MIDDLE * size) return [];
    return [{ handle: { kind: "between", index }, at: { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 } }];
  });
  // Corners last, because they are drawn on top.
  return [...middles, ...corners];
}

/** The nearest handle within reach; of equally near ones, the topmost. */
export function handleAt(shape: Shape, at: Point, size: number, reach: number): Handle | null {
  let found: Handle | null = null;
  let nearest = reach;
  for (const placed of handlesOf(shape, size)) {
    const away = distance(placed.at, at);
    if (away > nearest) continue;
    nearest = away;
    found = placed.handle;
  }
  return found;
}

/** The point on a whole pixel, snapped to the image edge within `reach`. */
export function snapped({ x, y }: Point, { width, height }: PixelSize, reach: number): Point {
  return { x: snappedAlong(x, width, reach), y: snappedAlong(y, height, reach) };
}

function snappedAlong(value: number, length: number, reach: number): number {
  if (value <= reach) return 0;
  if (value >= length - reach) return length;
  return Math.round(value);
}

/** The box between two points, at least one pixel in size. With `isSquare` its shorter side is extended. */
export function boxBetween(from: Point, to: Point, image: PixelSize, isSquare = false): Rect {
  const end = isSquare ? squareEnd(from, to, image) : to;
  const [x1, x2] = span(from.x, end.x, image.width);
  const [y1, y2] = span(from.y, end.y, image.height);
  return { x1, y1, x2, y2 };
}

/** The opposite corner of the largest square from `from` towards `to` that fits in the image. */
function squareEnd(from: Point, to: Point, { width, height }: PixelSize): Point {
  const [right, below] = [to.x >= from.x ? 1 : -1, to.y >= from.y ? 1 : -1];
  const room = Math.min(right > 0 ? width - from.x : from.x, below > 0 ? height - from.y : from.y);
  const side = Math.min(room, Math.max(Math.abs(to.x - from.x), Math.abs(to.y - from.y)));
  return { x: from.x + right * side, y: from.y + below * side };
}

function span(one: number, other: number, most: number): [number, number] {
  const from = Math.min(one, other);
  const to = Math.max(one, other);
  if (to - from >= 1) return [from, to];
  return to + 1 <= most ? [from, from + 1] : [to - 1, to];
}

/** The shape with a handle moved. A box flips when a handle crosses the opposite side. */
export function resized(shape: Shape, handle: Handle, to: Point, image: PixelSize): Shape {
  if (shape.kind === "box" && handle.kind === "side") {
    const { x1, y1, x2, y2 } = shape.rect;
    const [fixedX, freeX] = handle.across < 0 ? [x2, x1] : [x1, x2];
    const [fixedY, freeY] = handle.down < 0 ? [y2, y1] : [y1, y2];
    const end = { x: handle.across === 0 ? freeX : to.x, y: handle.down === 0 ? freeY : to.y };
    return { kind: "box", rect: boxBetween({ x: fixedX, y: fixedY }, end, image) };
  }
  if (shape.kind === "polygon" && handle.kind === "corner") {
    return { kind: "polygon", points: shape.points.map((point, index) => (index === handle.index ? to : point)) };
  }
  if (shape.kind === "polygon" && handle.kind === "between") {
    return { kind: "polygon", points: shape.points.toSpliced(handle.index + 1, 0, to) };
  }
  return shape;
}

/** Dragging a middle handle turns it into a corner. */
export function draggedHandle(handle: Handle): Handle {
  return handle.kind === "between" ? { kind: "corner", index: handle.index + 1 } : handle;
}

/** Clockwise from the upper left. */
const BOX_CORNERS = [
  { across: -1, down: -1 },
  { across: 1, down: -1 },
  { across: 1, down: 1 },
  { across: -1, down: 1 },
] as const;

/** The corners of a shape in drawing order. */
export function cornersOf(shape: Shape): Point[] {
  if (shape.kind === "polygon") return shape.points;
  if (shape.kind !== "box") return [];
  const { x1, y1, x2, y2 } = shape.rect;
  return BOX_CORNERS.map(({ across, down }) => ({ x: across < 0 ? x1 : x2, y: down < 0 ? y1 : y2 }));
}

/** The corner index of a handle; null if it is not a corner. */
export function cornerAt(handle: Handle): number | null {
  if (handle.kind === "corner") return handle.index;
  if (handle.kind === "between") return null;
  const index = BOX_CORNERS.findIndex(({ across, down }) => across === handle.across && down === handle.down);
  return index < 0 ? null : index;
}

/** The shape with one corner moved within the image. A box keeps a minimum size. */
export function withCornerMoved(shape: Shape, index: number, dx: number, dy: number, image: PixelSize): Shape {
  const { width, height } = image;
  if (shape.kind === "polygon") {
    const points = shape.points.map((point, place) =>
      place === index ? { x: within(point.x + dx, 0, width), y: within(point.y + dy, 0, height) } : point,
    );
    return { kind: "polygon", points };
  }
  const corner = BOX_CORNERS[index];
  if (shape.kind !== "box" || !corner) return shape;
  const { x1, y1, x2, y2 } = shape.rect;
  return {
    kind: "box",
    rect: {
      x1: corner.across < 0 ? within(x1 + dx, 0, x2 - 1) : x1,
      y1: corner.down < 0 ? within(y1 + dy, 0, y2 - 1) : y1,
      x2: corner.across > 0 ? within(x2 + dx, x1 + 1, width) : x2,
      y2: corner.down > 0 ? within(y2 + dy, y1 + 1, height) : y2,
    },
  };
}

/** The polygon with a corner added half-way to the next one. */
export function withCornerAfter(shape: Shape, index: number): Shape | null {
  if (shape.kind !== "polygon") return null;
  const [from, to] = [shape.points[index], shape.points[(index + 1) % shape.points.length]];
  if (!from || !to) return null;
  const middle = { x: Math.round((from.x + to.x) / 2), y: Math.round((from.y + to.y) / 2) };
  return { kind: "polygon", points: shape.points.toSpliced(index + 1, 0, middle) };
}

/** The polygon without one corner; null if fewer than three would remain. */
export function withoutCorner(shape: Shape, index: number): Shape | null {
  if (shape.kind !== "polygon" || shape.points.length <= 3) return null;
  return { kind: "polygon", points: shape.points.toSpliced(index, 1) };
}

/** The shapes moved together, stopped as a group at the image edge. */
export function moved(shapes: readonly Shape[], dx: number, dy: number, { width, height }: PixelSize): Shape[] {
  const bounds = boundsOfAll(shapes);
  if (bounds === null) return [...shapes];
  const right = within(dx, -bounds.x1, width - bounds.x2);
  const below = within(dy, -bounds.y1, height - bounds.y2);
  return shapes.map((shape) => shifted(shape, right, below));
}

function shifted(shape: Shape, right: number, below: number): Shape {
  const there = ({ x, y }: Point): Point => ({ x: x + right, y: y + below });
  switch (shape.kind) {
    case "box": {
      const { x1, y1, x2, y2 } = shape.rect;
      return { kind: "box", rect: { x1: x1 + right, y1: y1 + below, x2: x2 + right, y2: y2 + below } };
    }
    case "point":
      return { kind: "point", at: there(shape.at) };
    case "polygon":
      return { kind: "polygon", points: shape.points.map(there) };
    default:
      return shape;
  }
}

/** The offset that snaps shapes to the image edge within `reach`. */
export function snappedShift(shapes: readonly Shape[], dx: number, dy: number, image: PixelSize, reach: number): Point {
  const bounds = boundsOfAll(shapes);
  if (bounds === null) return { x: 0, y: 0 };
  return {
    x: snappedSpan(bounds.x1, bounds.x2, Math.round(dx), image.width, reach),
    y: snappedSpan(bounds.y1, bounds.y2, Math.round(dy), image.height, reach),
  };
}

function snappedSpan(from: number, to: number, shift: number, length: number, reach: number): number {
  if (Math.abs(from + shift) <= reach) return -from;
  if (Math.abs(length - to - shift) <= reach) return length - to;
  return shift;
}

/** Copies of the shapes, offset to the lower right, or to the upper left if there is no room. */
export function duplicated(shapes: readonly Shape[], shift: number, { width, height }: PixelSize): Shape[] {
  const bounds = boundsOfAll(shapes);
  if (bounds === null) return [...shapes];
  const right = bounds.x2 + shift <= width ? shift : -shift;
  const below = bounds.y2 + shift <= height ? shift : -shift;
  return moved(shapes, right, below, { width, height });
}

export function distance(one: Point, other: Point): number {
  return Math.hypot(one.x - other.x, one.y - other.y);
}

function within(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
