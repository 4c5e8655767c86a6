/** Which part of an image is shown around an annotation, and how large. */
import type { PixelSize, Rect } from "../ipc/bindings";
import { boundsOf } from "../kit/shape";
import type { Viewport } from "../photo/viewport.svelte";
import type { Shown } from "./auditing.svelte";

/** An annotation takes about so much of the room: what is around it says what it is. */
const ANNOTATION_SHARE = 0.45;
/** Beyond this there is nothing to see but pixels. */
const MOST_SCALE = 6;
/** A small annotation is shown with so much of the image's longer side around it. */
const LEAST_EXTENT = 0.1;

/** Shows an annotation with its surroundings, or the whole image. */
export function frame(viewport: Viewport, { card, annotation }: Shown, isWhole: boolean): void {
  const bounds = boundsOf(annotation.shape);
  if (isWhole || bounds === null) viewport.fit();
  else viewport.zoomTo(withSurroundings(bounds, card.size), ANNOTATION_SHARE, MOST_SCALE);
}

function withSurroundings({ x1, y1, x2, y2 }: Rect, image: PixelSize): Rect {
  const least = Math.max(image.width, image.height) * LEAST_EXTENT;
  const [across, down] = [Math.max(0, least - (x2 - x1)) / 2, Math.max(0, least - (y2 - y1)) / 2];
  return { x1: x1 - across, y1: y1 - down, x2: x2 + across, y2: y2 + down };
}
