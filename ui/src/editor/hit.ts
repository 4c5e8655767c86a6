/** Hit testing: which annotation a click selects. */
import type { Annotation, AnnotationId, Rect, Shape } from "../api/bindings";
import { boundsOf } from "../components/shape";
import { distance } from "./reshape";
import type { Point } from "../photo/viewport.svelte";

/** Smallest clickable width and height, as a multiple of the tolerance. */
const MIN_TARGET = 4;

/**
 * Annotations under an image point, smallest first, since users aim at the inner one. Tiny ones have a larger hit area,
 * unless another tiny one is directly under the point.
 */
export function annotationsAt(annotations: readonly Annotation[], at: Point, tolerance: number): Annotation[] {
  const least = MIN_TARGET * tolerance;
  return annotations
    .flatMap((annotation) => {
      const rect = boundsOf(annotation.shape);
      if (rect === null) return [];
      const isTiny = rect.x2 - rect.x1 < least && rect.y2 - rect.y1 < least;
      const middle = { x: (rect.x1 + rect.x2) / 2, y: (rect.y1 + rect.y2) / 2 };
      const isMeant = isUnder(annotation.shape, at, tolerance) || (isTiny && isNear(middle, at, least / 2));
      const away = isTiny && !isUnder(annotation.shape, at, 0) ? distance(middle, at) : 0;
      return isMeant ? { annotation, away, size: isTiny ? 0 : area(annotation) } : [];
    })
    .sort(
      (one, other) =>
        one.size - other.size ||
        one.away - other.away ||
        area(one.annotation) - area(other.annotation) ||
        one.annotation.id - other.annotation.id,
    )
    .map(({ annotation }) => annotation);
}

function isNear(one: Point, other: Point, reach: number): boolean {
  return Math.abs(one.x - other.x) <= reach && Math.abs(one.y - other.y) <= reach;
}

/** Annotations that a selection rectangle touches, except those that contain it. */
export function annotationsAcross(annotations: readonly Annotation[], frame: Rect): Annotation[] {
  return annotations.filter(({ shape }) => {
    const rect = boundsOf(shape);
    if (rect === null) return false;
    const isApart = rect.x1 > frame.x2 || rect.x2 < frame.x1 || rect.y1 > frame.y2 || rect.y2 < frame.y1;
    const isAround = rect.x1 < frame.x1 && rect.x2 > frame.x2 && rect.y1 < frame.y1 && rect.y2 > frame.y2;
    return !isApart && !isAround;
  });
}

/** Whether a point is inside a shape or within the tolerance of it. */
export function isUnder(shape: Shape, at: Point, tolerance: number): boolean {
  const rect = boundsOf(shape);
  if (
    rect === null ||
    at.x < rect.x1 - tolerance ||
    at.x > rect.x2 + tolerance ||
    at.y < rect.y1 - tolerance ||
    at.y > rect.y2 + tolerance
  )
    return false;
  if (shape.kind === "point") return distance(shape.at, at) <= tolerance;
  if (shape.kind === "polygon") return isInside(shape.points, at) || edgeDistance(shape.points, at) <= tolerance;
  return true;
}

/** The annotation to select: the topmost, or the next one below if the selected one was clicked again. */
export function nextUnder(stack: Annotation[], selected: AnnotationId | null, isRepeated: boolean): Annotation | null {
  const place = stack.findIndex((annotation) => annotation.id === selected);
  if (isRepeated && place >= 0) return stack[(place + 1) % stack.length] ?? null;
  return stack[0] ?? null;
}

export function area({ shape }: Annotation): number {
  const rect = boundsOf(shape);
  return rect === null ? 0 : (rect.x2 - rect.x1) * (rect.y2 - rect.y1);
}

/** Ray casting: odd number of crossings to the right. */
function isInside(points: readonly Point[], { x, y }: Point): boolean {
  return points.reduce((inside, to, index) => {
    const from = points.at(index - 1) ?? to;
    const crosses = from.y > y !== to.y > y && x < from.x + ((y - from.y) / (to.y - from.y)) * (to.x - from.x);
    return crosses ? !inside : inside;
  }, false);
}

function edgeDistance(points: readonly Point[], at: Point): number {
  return points.reduce((nearest, to, index) => {
    const from = points.at(index - 1) ?? to;
    const [dx, dy] = [to.x - from.x, to.y - from.y];
    const along = ((at.x - from.x) * dx + (at.y - from.y) * dy) / (dx * dx + dy * dy || 1);
    const share = Math.min(1, Math.max(0, along));
    return Math.min(nearest, distance(at, { x: from.x + share * dx, y: from.y + share * dy }));
  }, Infinity);
}
