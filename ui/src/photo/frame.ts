/** Conversion from image pixels to device pixels. */
import type { PixelSize, Point, Rect } from "../api/bindings";
import type { Area } from "./tags";

/** Position of the image on screen. */
export interface Frame {
  image: PixelSize;
  view: PixelSize;
  pixelRatio: number;
  scale: number;
  offset: Point;
}

/** A box in device pixels, aligned to whole pixels. */
export function deviceBox({ offset, scale, pixelRatio }: Omit<Frame, "image" | "view">, box: Rect): Area {
  const x = Math.round((offset.x + box.x1 * scale) * pixelRatio);
  const y = Math.round((offset.y + box.y1 * scale) * pixelRatio);
  const width = Math.max(1, Math.round((offset.x + box.x2 * scale) * pixelRatio) - x);
  const height = Math.max(1, Math.round((offset.y + box.y2 * scale) * pixelRatio) - y);
  return { x, y, width, height };
}

/** A point in device pixels, not rounded. */
export function devicePoint({ offset, scale, pixelRatio }: Frame, { x, y }: Point): Point {
  return { x: (offset.x + x * scale) * pixelRatio, y: (offset.y + y * scale) * pixelRatio };
}

export function isSeen(box: Area, room: Area): boolean {
  return box.x < room.width && box.y < room.height && box.x + box.width > 0 && box.y + box.height > 0;
}
