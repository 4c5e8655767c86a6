/** Paints the visible pixels of an image, sharp. */
import type { Picture } from "./pixels.svelte";
import { deviceBox, type Frame } from "./frame";

/** From this scale on, single pixels are visible. */
const PIXELATED_SCALE = 4;

export function paintPhoto(context: CanvasRenderingContext2D, frame: Frame, pixels: Picture | null): void {
  const { canvas } = context;
  context.clearRect(0, 0, canvas.width, canvas.height);
  if (pixels === null) return;
  const { image } = frame;
  const whole = deviceBox(frame, { x1: 0, y1: 0, x2: image.width, y2: image.height });
  // Device pixels per pixel of this level, which may be smaller than the image.
  const [across, down] = [whole.width / pixels.width, whole.height / pixels.height];
  const [fromX, toX] = seen(whole.x, canvas.width, across, pixels.width);
  const [fromY, toY] = seen(whole.y, canvas.height, down, pixels.height);
  if (toX <= fromX || toY <= fromY) return;
  context.imageSmoothingEnabled = frame.scale * frame.pixelRatio < PIXELATED_SCALE;
  // Below half size, pixels must be averaged.
  context.imageSmoothingQuality = across < 0.5 ? "high" : "low";
  context.drawImage(
    pixels,
    fromX,
    fromY,
    toX - fromX,
    toY - fromY,
    whole.x + fromX * across,
    whole.y + fromY * down,
    (toX - fromX) * across,
    (toY - fromY) * down,
  );
}

/** The visible pixels of a level plus one on each side for interpolation. */
function seen(offset: number, room: number, scale: number, length: number): [number, number] {
  const from = Math.max(0, Math.floor(-offset / scale) - 1);
  const to = Math.min(length, Math.ceil((room - offset) / scale) + 1);
  return [from, to];
}
