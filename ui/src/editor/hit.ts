/** Which mark a click means. */
import type { Annotation, AnnotationId } from "../ipc/bindings";
import { boundsOf } from "../kit/shape";
import type { Point } from "./viewport.svelte";

/** Marks under a point of the image, the smallest first: what lies inside another box is what one aims at. */
export function marksAt(marks: Annotation[], at: Point, tolerance: number): Annotation[] {
  return marks
    .filter(({ shape }) => {
      const rect = boundsOf(shape);
      return (
        rect !== null &&
        at.x >= rect.x1 - tolerance &&
        at.x <= rect.x2 + tolerance &&
        at.y >= rect.y1 - tolerance &&
        at.y <= rect.y2 + tolerance
      );
    })
    .sort((one, other) => area(one) - area(other) || one.id - other.id);
}

/** The mark to select: the first one, or the one below the selected when that was clicked again. */
export function nextUnder(stack: Annotation[], selected: AnnotationId | null, isRepeated: boolean): Annotation | null {
  const place = stack.findIndex((mark) => mark.id === selected);
  if (isRepeated && place >= 0) return stack[(place + 1) % stack.length] ?? null;
  return stack[0] ?? null;
}

export function area({ shape }: Annotation): number {
  const rect = boundsOf(shape);
  return rect === null ? 0 : (rect.x2 - rect.x1) * (rect.y2 - rect.y1);
}
