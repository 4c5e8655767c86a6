/** Draws handles of the selected annotation and the crosshair while drawing. */
import type { Point, Shape } from "../../api/bindings";
import type { Area } from "../../photo/tags";
import { cornerAt, handlesOf } from "../reshape";
import { HANDLE } from "../shaping.svelte";
import { devicePoint, type Frame } from "../../photo/frame";
import type { Palette } from "../../photo/palette";

/** Size of the handle between two corners, relative to a corner handle. */
const MIDDLE_SHARE = 0.7;
const CHOSEN_SHARE = 1.9;
/** Border width of a handle, in CSS pixels. */
const EDGE = 1.5;
/** Length of a tick, in CSS pixels. */
const TICK = 4;

/** Areas of a shape's handles, in device pixels, rounded outwards. */
export function handleAreas(frame: Frame, shape: Shape): Area[] {
  const size = (HANDLE + 2 * EDGE) * frame.pixelRatio - 2;
  return handlesOf(shape, HANDLE / frame.scale).map(({ at }) => {
    const { x, y } = devicePoint(frame, at);
    return { x: x - size / 2, y: y - size / 2, width: size, height: size };
  });
}

/** The area enlarged by the handle size, so that labels stay beside the handles. */
export function aroundHandles({ x, y, width, height }: Area, pixelRatio: number, gap: number): Area {
  const reach = Math.max(0, Math.ceil((HANDLE / 2 + EDGE) * pixelRatio) - gap);
  return { x: x - reach, y: y - reach, width: width + 2 * reach, height: height + 2 * reach };
}

/** The selected corner is larger and filled. */
export function paintHandles(
  context: CanvasRenderingContext2D,
  palette: Palette,
  frame: Frame,
  shape: Shape,
  corner: number | null,
): void {
  const { pixelRatio, scale } = frame;
  const edge = Math.max(1, Math.round(EDGE * pixelRatio));
  context.globalAlpha = 1;
  for (const { handle, at } of handlesOf(shape, HANDLE / scale)) {
    const isMiddle = handle.kind === "between";
    const isChosen = corner !== null && cornerAt(handle) === corner;
    const size = Math.round(HANDLE * pixelRatio * (isMiddle ? MIDDLE_SHARE : isChosen ? CHOSEN_SHARE : 1));
    const place = devicePoint(frame, at);
    const x = Math.round(place.x - size / 2);
    const y = Math.round(place.y - size / 2);
    context.globalAlpha = isMiddle ? MIDDLE_SHARE : 1;
    context.fillStyle = palette.overlay;
    context.fillRect(x - edge, y - edge, size + 2 * edge, size + 2 * edge);
    context.fillStyle = palette.overlayInk;
    context.fillRect(x, y, size, size);
    if (!isChosen) continue;
    const inset = Math.round(size / 4);
    context.fillStyle = palette.overlay;
    context.fillRect(x + inset, y + inset, size - 2 * inset, size - 2 * inset);
  }
  context.globalAlpha = 1;
}

/** Corner ticks that mark an annotation in a multiple selection, which has no handles. */
export function paintTicks(
  context: CanvasRenderingContext2D,
  palette: Palette,
  { pixelRatio }: Frame,
  { x, y, width, height }: Area,
): void {
  const size = Math.round(TICK * pixelRatio);
  const edge = Math.max(1, Math.round(pixelRatio));
  for (const across of [x, x + width]) {
    for (const down of [y, y + height]) {
      const [left, top] = [Math.round(across - size / 2), Math.round(down - size / 2)];
      context.fillStyle = palette.overlay;
      context.fillRect(left - edge, top - edge, size + 2 * edge, size + 2 * edge);
      context.fillStyle = palette.overlayInk;
      context.fillRect(left, top, size, size);
    }
  }
}

/** Corners of a polygon being drawn; the first, which closes it, is larger. */
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

/** The selection rectangle. */
export function paintFrame(context: CanvasRenderingContext2D, palette: Palette, box: Area, pixelRatio: number): void {
  const line = Math.max(1, Math.round(pixelRatio));
  context.fillStyle = palette.overlayInk;
  context.globalAlpha = 0.1;
  context.fillRect(box.x, box.y, box.width, box.height);
  context.globalAlpha = 1;
  context.lineJoin = "miter";
  for (const [color, width] of [
    [palette.overlay, 3 * line],
    [palette.overlayInk, line],
  ] as const) {
    context.strokeStyle = color;
    context.lineWidth = width;
    context.strokeRect(box.x + 0.5, box.y + 0.5, box.width, box.height);
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
