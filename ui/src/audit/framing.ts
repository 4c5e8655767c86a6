/** Which part of an image is shown around an annotation, and its scale. */
import type { PixelSize, Rect } from "../api/bindings";
import { boundsOf } from "../components/shape";
import type { Viewport } from "../photo/viewport.svelte";
import type { Shown } from "./auditing.svelte";

/** Share of the view that an annotation fills; its surroundings help to identify it. */
const ANNOTATION_SHARE = 0.45;
/** Beyond this scale only pixels are visible. */
const MAX_SCALE = 6;
/** Minimum part of the image's longer side that is shown. */
const MIN_EXTENT = 0.1;

/** Shows an annotation with its surroundings, or the whole image. */
export function frame(viewport: Viewport, { card, annotation }: Shown, isWhole: boolean): void {
  const bounds = boundsOf(annotation.shape);
  if (isWhole || bounds === null) viewport.fit();
  else viewport.zoomTo(withSurroundings(bounds, card.size), ANNOTATION_SHARE, MAX_SCALE);
}

function withSurroundings({ x1, y1, x2, y2 }: Rect, image: PixelSize): Rect {
  const least = Math.max(image.width, image.height) * MIN_EXTENT;
  const [across, down] = [Math.max(0, least - (x2 - x1)) / 2, Math.max(0, least - (y2 - y1)) / 2];
  return { x1: x1 - across, y1: y1 - down, x2: x2 + across, y2: y2 + down };
}
