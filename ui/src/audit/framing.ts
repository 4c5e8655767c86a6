/** Which part of an image is shown around a mark, and how large. */
import type { PixelSize, Rect } from "../ipc/bindings";

/** Where the upper left corner of the image lies in the room, and how many pixels of the room one of its pixels takes. */
export interface Framing {
  scale: number;
  x: number;
  y: number;
}

const MARGIN = 24;
/** A mark takes about so much of the room: what is around it says what it is. */
const MARK_SHARE = 0.45;
/** Beyond this there is nothing to see but pixels. */
const MOST_SCALE = 6;
/** A point is shown with so much of the image's longer side around it. */
const LEAST_EXTENT = 0.1;

/** The whole image, in the middle of the room. */
export function whole(image: PixelSize, room: PixelSize): Framing {
  const scale = Math.min((room.width - 2 * MARGIN) / image.width, (room.height - 2 * MARGIN) / image.height);
  return placed(image, room, Math.max(0, scale), image.width / 2, image.height / 2);
}

/** A mark with its surroundings; never smaller than the whole image fits. */
export function around(mark: Rect, image: PixelSize, room: PixelSize): Framing {
  const least = Math.max(image.width, image.height) * LEAST_EXTENT;
  const width = Math.max(mark.x2 - mark.x1, least);
  const height = Math.max(mark.y2 - mark.y1, least);
  const wished = Math.min((room.width * MARK_SHARE) / width, (room.height * MARK_SHARE) / height, MOST_SCALE);
  const scale = Math.max(whole(image, room).scale, wished);
  return placed(image, room, scale, (mark.x1 + mark.x2) / 2, (mark.y1 + mark.y2) / 2);
}

/** With a point of the image in the middle of the room, unless that would show more beside the image than there is need. */
function placed(image: PixelSize, room: PixelSize, scale: number, x: number, y: number): Framing {
  const along = (middle: number, extent: number, space: number) => {
    const free = space - extent * scale;
    if (free >= 2 * MARGIN) return free / 2;
    return Math.min(MARGIN, Math.max(free - MARGIN, space / 2 - middle * scale));
  };
  return { scale, x: along(x, image.width, room.width), y: along(y, image.height, room.height) };
}
