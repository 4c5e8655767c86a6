/** What is written beside annotations on a canvas: how large, and how much of it. */
import { confidence } from "../messages/format";

/** In CSS pixels. */
export const TAG = { height: 18, padding: 5, text: 11, gap: 1 };

/** Of a label with its confidence, in CSS pixels: a longer one would cover the photo. */
export const MOST_TAG_WIDTH = 200;
/** A label with more characters may be shortened on a canvas, so that its full text is told elsewhere. */
export const MOST_TAG_LENGTH = 24;

/** The label with its confidence. What is wider than `most` loses the end of the label, never the confidence. */
export function tagText(
  annotation: { label: string; confidence: number | null },
  most: number,
  measure: (text: string) => number,
): string {
  const certainty = annotation.confidence === null ? "" : ` ${confidence(annotation.confidence)}`;
  if (measure(annotation.label + certainty) <= most) return annotation.label + certainty;
  const characters = [...annotation.label];
  let [fits, tooMany] = [0, characters.length];
  while (tooMany - fits > 1) {
    const length = Math.floor((fits + tooMany) / 2);
    if (measure(ending(characters, length) + certainty) <= most) fits = length;
    else tooMany = length;
  }
  return ending(characters, fits) + certainty;
}

function ending(characters: readonly string[], length: number): string {
  return `${characters.slice(0, length).join("").trimEnd()}…`;
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
