/**
 * Draws shape outlines: a line in the label's color over its casing, aligned to device pixels. Boxes use one
 * `strokeRect` each: a single path of many rectangles is ten times slower.
 */
import type { Shape } from "../../api/bindings";
import type { Area } from "../../photo/tags";
import { devicePoint, type Frame } from "../../photo/frame";
import type { LabelColors, Palette } from "../../photo/palette";

/** Diameter of a point, in CSS pixels, plus the line width. */
const DOT = 5;

export interface Line {
  /** In whole device pixels. */
  width: number;
  isDashed: boolean;
  colors: LabelColors;
  /** Opacity of the outline, 0 to 1. */
  opacity: number;
  /** Opacity of the fill, 0 to 1. */
  fill: number;
}

export function paintOutline(
  context: CanvasRenderingContext2D,
  palette: Palette,
  frame: Frame,
  shape: Shape,
  box: Area,
  line: Line,
): void {
  const { pixelRatio } = frame;
  context.globalAlpha = line.opacity;
  const casing = line.width + 2 * Math.max(1, Math.round(pixelRatio));
  if (shape.kind === "point") {
    paintDot(context, frame, box, line, casing);
    return;
  }
  const stroke = shape.kind === "polygon" ? outlineOf(context, frame, shape) : boxOf(context, box, line.width);
  if (line.fill > 0) {
    context.globalAlpha = line.fill * line.opacity;
    context.fillStyle = line.colors.line;
    if (shape.kind === "polygon") context.fill();
    else context.fillRect(box.x, box.y, box.width, box.height);
    context.globalAlpha = line.opacity;
  }
  context.lineWidth = casing;
  context.strokeStyle = line.colors.casing;
  stroke();
  context.lineWidth = line.width;
  context.strokeStyle = line.colors.line;
  if (line.isDashed) {
    context.setLineDash(palette.dash.map((length) => length * pixelRatio));
    stroke();
    context.setLineDash([]);
  } else stroke();
}

function boxOf(context: CanvasRenderingContext2D, { x, y, width, height }: Area, line: number): () => void {
  // A line of odd width is sharp only at half-pixel positions.
  const shift = line % 2 === 0 ? 0 : 0.5;
  context.lineJoin = "miter";
  return () => context.strokeRect(x + shift, y + shift, width, height);
}

function outlineOf(
  context: CanvasRenderingContext2D,
  frame: Frame,
  { points }: Extract<Shape, { kind: "polygon" }>,
): () => void {
  context.lineJoin = "round";
  context.beginPath();
  for (const [index, point] of points.entries()) {
    const { x, y } = devicePoint(frame, point);
    if (index === 0) context.moveTo(x, y);
    else context.lineTo(x, y);
  }
  context.closePath();
  return () => context.stroke();
}

function paintDot(
  context: CanvasRenderingContext2D,
  { pixelRatio }: Frame,
  { x, y }: Area,
  { width, colors }: Line,
  casing: number,
): void {
  const radius = (DOT * pixelRatio + width) / 2;
  for (const [color, more] of [
    [colors.casing, (casing - width) / 2],
    [colors.line, 0],
  ] as const) {
    context.beginPath();
    context.arc(x, y, radius + more, 0, 2 * Math.PI);
    context.fillStyle = color;
    context.fill();
  }
}
