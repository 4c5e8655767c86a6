/** Position of a pair of annotations on the image. */
import type { ComparedPair, Point, Rect } from "../api/bindings";
import { boundsOfAll } from "../components/shape";

/** The common bounding box; null for the whole image. */
export function extentOf({ first, second }: ComparedPair): Rect | null {
  return boundsOfAll([first, second].flatMap((annotation) => annotation?.shape ?? []));
}

/** Pairs under an image point, smallest first, since users aim at the inner box. */
export function pairsAt<Pair extends ComparedPair>(pairs: readonly Pair[], at: Point, tolerance: number): Pair[] {
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
