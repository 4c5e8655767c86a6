/** Draws labels beside annotations, and the size below a box. */
import type { Annotation } from "../../api/bindings";
import type { PaletteColor } from "../../components/labelColors";
import { fillRounded, MAX_TAG_WIDTH, TAG, tagText } from "../../photo/labelText";
import { colorsOf, type Palette } from "../../photo/palette";
import { type Area, placeTags } from "../../photo/tags";

/** Size of the status sign before a label, in CSS pixels. */
const SIGN = 9;

export interface Labelled {
  annotation: Annotation;
  box: Area;
  /** Placed even if it covers something. */
  isNeeded: boolean;
}

export class Labels {
  /** Measuring text is slower than drawing its box. */
  readonly #widths = new Map<string, number>();
  #font = "";
  #palette: Palette | null = null;

  paint(
    context: CanvasRenderingContext2D,
    palette: Palette,
    ratio: number,
    { lineWidth, colorOf }: { lineWidth: number; colorOf: (label: string) => PaletteColor },
    labelled: readonly Labelled[],
    room: Area,
    taken: Area[],
  ): void {
    context.textBaseline = "middle";
    context.globalAlpha = 1;
    this.#write(context, 600, ratio, palette);
    const measure = (text: string) => this.#width(context, text);
    const texts = labelled.map(({ annotation }) => tagText(annotation, MAX_TAG_WIDTH * ratio, measure));
    const places = placeTags(
      labelled.map(({ annotation, box, isNeeded }, index) => ({
        box,
        width: Math.ceil(this.#width(context, texts[index] ?? "") + (2 * TAG.padding + signWidth(annotation)) * ratio),
        height: Math.round(TAG.height * ratio),
        isNeeded,
      })),
      room,
      tagGap(lineWidth, ratio),
      taken,
    );
    labelled.forEach(({ annotation }, index) => {
      const place = places[index];
      if (place) paintTag(context, palette, ratio, annotation, colorOf(annotation.label), texts[index] ?? "", place);
    });
  }

  /** Centered below a box; null if that is outside the view. */
  placeOfMeasure(
    context: CanvasRenderingContext2D,
    palette: Palette,
    ratio: number,
    box: Area,
    text: string,
    room: Area,
  ): Area | null {
    this.#write(context, 400, ratio, palette);
    const width = Math.ceil(this.#width(context, text) + 12 * ratio);
    const height = Math.round(16 * ratio);
    const x = Math.min(room.width - width, Math.max(0, Math.round(box.x + box.width / 2 - width / 2)));
    const y = box.y + box.height + Math.round(8 * ratio);
    return y + height > room.height ? null : { x, y, width, height };
  }

  paintMeasure(context: CanvasRenderingContext2D, palette: Palette, ratio: number, text: string, place: Area): void {
    const { x, y, width, height } = place;
    this.#write(context, 400, ratio, palette);
    context.globalAlpha = 1;
    context.textBaseline = "middle";
    context.fillStyle = palette.overlay;
    fillRounded(context, x, y, width, height, 3 * ratio);
    context.fillStyle = palette.overlayInk;
    context.fillText(text, x + 6 * ratio, y + height / 2 + 0.5 * ratio);
  }

  #write(context: CanvasRenderingContext2D, weight: number, ratio: number, palette: Palette): void {
    // A new palette may have a newly loaded font, so widths are remeasured.
    if (palette !== this.#palette) this.#widths.clear();
    this.#palette = palette;
    this.#font = `${weight} ${TAG.text * ratio}px ${palette.family}`;
    context.font = this.#font;
  }

  #width(context: CanvasRenderingContext2D, text: string): number {
    const name = `${this.#font} ${text}`;
    const known = this.#widths.get(name);
    if (known !== undefined) return known;
    const { width } = context.measureText(text);
    // The size texts would accumulate without end.
    if (this.#widths.size > 500) this.#widths.clear();
    this.#widths.set(name, width);
    return width;
  }
}

/** Gap between an annotation and its label, in device pixels. */
export function tagGap(lineWidth: number, ratio: number): number {
  return Math.round((lineWidth + TAG.gap) * ratio);
}

function paintTag(
  context: CanvasRenderingContext2D,
  palette: Palette,
  ratio: number,
  annotation: Annotation,
  color: PaletteColor,
  text: string,
  { x, y, width, height }: Area,
): void {
  const colors = colorsOf(palette, color);
  context.fillStyle = palette.casing;
  fillRounded(context, x - ratio, y - ratio, width + 2 * ratio, height + 2 * ratio, 3 * ratio);
  context.fillStyle = colors.line;
  fillRounded(context, x, y, width, height, 2 * ratio);
  context.fillStyle = colors.ink;
  context.strokeStyle = colors.ink;
  const middle = y + height / 2;
  const sign = signWidth(annotation);
  if (sign > 0) paintSign(context, ratio, annotation, x + TAG.padding * ratio, middle);
  context.fillText(text, x + (TAG.padding + sign) * ratio, middle + 0.5 * ratio);
}

/** A cross for rejected, a check mark for accepted or edited. */
function paintSign(
  context: CanvasRenderingContext2D,
  ratio: number,
  { status }: Annotation,
  from: number,
  middle: number,
): void {
  context.lineWidth = 1.75 * ratio;
  context.beginPath();
  if (status === "rejected") {
    context.moveTo(from, middle - 3.5 * ratio);
    context.lineTo(from + 7 * ratio, middle + 3.5 * ratio);
    context.moveTo(from + 7 * ratio, middle - 3.5 * ratio);
    context.lineTo(from, middle + 3.5 * ratio);
  } else {
    context.moveTo(from, middle + 0.5 * ratio);
    context.lineTo(from + 2.75 * ratio, middle + 3.25 * ratio);
    context.lineTo(from + 8 * ratio, middle - 3 * ratio);
  }
  context.stroke();
}

function signWidth({ status }: Annotation): number {
  return status === "proposed" ? 0 : SIGN + 3;
}
