/** Where a pair of annotations is on the image. */
import type { ComparedPair, Point, Rect } from "../ipc/bindings";
import { boundsOfAll } from "../kit/shape";

/** Around both sides' annotations; null where they are about the whole image. */
export function extentOf({ first, second }: ComparedPair): Rect | null {
  return boundsOfAll([first, second].flatMap((annotation) => annotation?.shape ?? []));
}

/** Pairs under a point of the image, the smallest first: what lies inside another box is what one aims at. */
export function pairsAt(pairs: readonly ComparedPair[], at: Point, tolerance: number): ComparedPair[] {
  const places = pairs.flatMap((pair) => {
    const extent = extentOf(pair);
    return extent === null ? [] : { pair, extent };
  });
  return places
    .filter(
      ({ extent: { x1, y1, x2, y2 } }) =>
        at.x >= x1 - tolerance && at.x <= x2 + tolerance && at.y >= y1 - tolerance && at.y <= y2 + tolerance,
    )
    .sort((one, other) => areaOf(one.extent) - areaOf(other.extent))
    .map(({ pair }) => pair);
}

export function areaOf({ x1, y1, x2, y2 }: Rect): number {
  return (x2 - x1) * (y2 - y1);
}
