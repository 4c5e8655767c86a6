/** Draws what a pointer works with: the handles of the selected mark, and lines through the pointer while drawing. */
import type { Point, Shape } from "../../ipc/bindings";
import { handlesOf } from "../reshape";
import { HANDLE } from "../tools.svelte";
import { devicePoint, type Frame } from "../../photo/frame";
import type { Palette } from "../../photo/palette";

/** Between two corners there is only a hint of one. */
const MIDDLE_SHARE = 0.7;

export function paintHandles(
  context: CanvasRenderingContext2D,
  palette: Palette,
  frame: Frame,
  shape: Shape,
  corner: number | null,
): void {
  const { pixelRatio, scale } = frame;
  const edge = Math.max(1, Math.round(1.5 * pixelRatio));
  context.globalAlpha = 1;
  for (const { handle, at } of handlesOf(shape, HANDLE / scale)) {
    const isMiddle = handle.kind === "between";
    const isChosen = handle.kind === "corner" && handle.index === corner;
    const size = Math.round(HANDLE * pixelRatio * (isMiddle ? MIDDLE_SHARE : isChosen ? 1.4 : 1));
    const place = devicePoint(frame, at);
    const x = Math.round(place.x - size / 2);
    const y = Math.round(place.y - size / 2);
    context.globalAlpha = isMiddle ? MIDDLE_SHARE : 1;
    context.fillStyle = palette.overlay;
    context.fillRect(x - edge, y - edge, size + 2 * edge, size + 2 * edge);
    context.fillStyle = palette.overlayInk;
    context.fillRect(x, y, size, size);
  }
  context.globalAlpha = 1;
}

/** The corners of a polygon that is being drawn; the first one, which closes it, is larger. */
export function paintCorners(
  context: CanvasRenderingContext2D,
  palette: Palette,
  frame: Frame,
  points: readonly Point[],
): void {
  for (const [index, point] of points.entries()) {
    const { x, y } = devicePoint(frame, point);
    const radius = (index === 0 ? 5 : 3) * frame.pixelRatio;
    for (const [color, size] of [
      [palette.overlay, radius + 1.5 * frame.pixelRatio],
      [palette.overlayInk, radius],
    ] as const) {
      context.beginPath();
      context.arc(x, y, size, 0, 2 * Math.PI);
      context.fillStyle = color;
      context.fill();
    }
  }
}

export function paintCrosshair(
  context: CanvasRenderingContext2D,
  palette: Palette,
  frame: Frame,
  pointer: Point,
): void {
  const { canvas } = context;
  const at = devicePoint(frame, pointer);
  const line = Math.max(1, Math.round(frame.pixelRatio));
  const x = Math.round(at.x - line / 2);
  const y = Math.round(at.y - line / 2);
  for (const [color, more, opacity] of [
    [palette.casing, line, 0.5],
    [palette.overlayInk, 0, 0.8],
  ] as const) {
    context.globalAlpha = opacity;
    context.fillStyle = color;
    context.fillRect(x - more, 0, line + 2 * more, canvas.height);
    context.fillRect(0, y - more, canvas.width, line + 2 * more);
  }
  context.globalAlpha = 1;
}
