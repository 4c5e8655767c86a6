/** Size and shortening of label text on a canvas. */
import { confidence } from "../messages/format";

/** In CSS pixels. */
export const TAG = { height: 18, padding: 5, text: 11, gap: 1 };

/** Maximum width of a label with its confidence, in CSS pixels; longer ones would cover the photo. */
export const MAX_TAG_WIDTH = 200;
/** Longer labels may be shortened on a canvas, so their full text is shown elsewhere. */
export const MAX_TAG_LENGTH = 24;

/** The label with its confidence. Text wider than `most` is shortened in the label, never in the confidence. */
export function tagText(
  annotation: { label: string; confidence: number | null },
  most: number,
  measure: (text: string) => number,
): string {
  const certainty = annotation.confidence === null ? "" : ` ${confidence(annotation.confidence)}`;
  return shortened(annotation.label, most, (text) => measure(text + certainty)) + certainty;
}

/** The text, with an ellipsis in place of what is wider than `most`. */
export function shortened(text: string, most: number, measure: (text: string) => number): string {
  if (measure(text) <= most) return text;
  const characters = [...text];
  let [fits, tooMany] = [0, characters.length];
  while (tooMany - fits > 1) {
    const length = Math.floor((fits + tooMany) / 2);
    if (measure(ending(characters, length)) <= most) fits = length;
    else tooMany = length;
  }
  return ending(characters, fits);
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
