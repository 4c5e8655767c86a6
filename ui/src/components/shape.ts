/** Bounds and names of shapes. The core validates. */
import type { Annotation, Rect, Shape } from "../api/bindings";

/** The bounding box of a shape; empty for a point, null for the whole image. */
export function boundsOf(shape: Shape): Rect | null {
  switch (shape.kind) {
    case "box":
      return shape.rect;
    case "point":
      return { x1: shape.at.x, y1: shape.at.y, x2: shape.at.x, y2: shape.at.y };
    case "polygon": {
      const across = shape.points.map(({ x }) => x);
      const down = shape.points.map(({ y }) => y);
      return { x1: Math.min(...across), y1: Math.min(...down), x2: Math.max(...across), y2: Math.max(...down) };
    }
    case "image_tag":
    case "caption":
      return null;
  }
}

/** The common bounding box; null if no shape has a position. */
export function boundsOfAll(shapes: readonly Shape[]): Rect | null {
  return shapes.map(boundsOf).reduce((one, other) => {
    if (one === null || other === null) return one ?? other;
    return {
      x1: Math.min(one.x1, other.x1),
      y1: Math.min(one.y1, other.y1),
      x2: Math.max(one.x2, other.x2),
      y2: Math.max(one.y2, other.y2),
    };
  }, null);
}

/** A caption is named by its text. */
export function nameOf({ label, shape }: Pick<Annotation, "label" | "shape">): string {
  return shape.kind === "caption" ? shape.text : label;
}
