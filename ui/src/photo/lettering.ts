/** What is written beside marks on a canvas: how large, in which words. */
import { confidence } from "../messages/format";

/** In CSS pixels. */
export const TAG = { height: 18, padding: 5, text: 11, gap: 1 };

export function tagText(mark: { label: string; confidence: number | null }): string {
  return mark.confidence === null ? mark.label : `${mark.label} ${confidence(mark.confidence)}`;
}

export function fillRounded(
  context: CanvasRenderingContext2D,
  x: number,
  y: number,
  width: number,
  height: number,
  radius: number,
): void {
  context.beginPath();
  context.roundRect(x, y, width, height, radius);
  context.fill();
}
