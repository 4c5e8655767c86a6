/**
 * Draws the annotations of two sides. Color means the label, as everywhere; the side is shown by its line, solid for A
 * and dashed for B, and by the letter on its label. What both agree on is one thin line.
 */
import { deviceBox, type Frame } from "../photo/frame";
import { fillRounded, MAX_TAG_WIDTH, TAG, tagText } from "../photo/labelText";
import { colorsOf, type LabelColors, type Palette } from "../photo/palette";
import { type Area, placeTags } from "../photo/tags";
import type { ComparedAnnotation, Rect, Shape } from "../api/bindings";
import type { PaletteColor } from "../components/labelColors";
import { boundsOf } from "../components/shape";
import { choiceOf, type Compared, isDifference, isRejected, SIDE_NAMES, type SideName } from "./choices";
import { areaOf } from "./extent";

export interface TwoSides {
  frame: Frame;
  compared: Compared | null;
  selected: number | null;
  areAgreedHidden: boolean;
  letters: Record<SideName, string>;
  colorOf: (label: string) => PaletteColor;
}

/** In CSS pixels. */
const LINE_WIDTH = 2;
/** Size of the side's letter. */
const LETTER = 16;
const BROKEN = [9, 6];
const POINT_RADIUS = 5;
const FAINT = 0.55;
/** Opacity of everything beside the selected pair. */
const FADED = 0.3;

interface Drawn {
  annotation: ComparedAnnotation;
  bounds: Rect;
  box: Area;
  of: SideName;
  isAgreed: boolean;
  isRejected: boolean;
  isSelected: boolean;
  /** Another pair is selected. */
  isFaded: boolean;
}

export function paintTwoSides(context: CanvasRenderingContext2D, palette: Palette, scene: TwoSides): void {
  const { frame } = scene;
  // Large ones first, so that small ones are on top; differences above agreed ones, the selection last.
  const drawn = annotationsOf(scene).sort(
    (one, other) =>
      Number(one.isSelected) - Number(other.isSelected) ||
      Number(other.isAgreed) - Number(one.isAgreed) ||
      areaOf(other.bounds) - areaOf(one.bounds),
  );
  for (const each of drawn) stroke(context, palette, frame, each, scene.colorOf);
  paintTags(context, palette, frame.pixelRatio, drawn, scene);
}

function annotationsOf({ compared, frame, selected, areAgreedHidden }: TwoSides): Drawn[] {
  if (compared === null) return [];
  return compared.pairs.flatMap((pair, place) => {
    const isAgreed = !isDifference(pair);
    const isSelected = place === selected;
    const isFaded = selected !== null && !isSelected;
    if (isAgreed && areAgreedHidden && !isSelected) return [];
    return SIDE_NAMES.flatMap((of): Drawn[] => {
      const annotation = pair[of];
      // Two lines would suggest a difference.
      if (annotation === null || (isAgreed && of === "second" && !isSelected)) return [];
      const bounds = boundsOf(annotation.shape);
      if (bounds === null) return [];
      const isLeft = isAgreed ? choiceOf(compared, place) === "neither" : isRejected(compared, place, of);
      return [
        { annotation, bounds, box: deviceBox(frame, bounds), of, isAgreed, isRejected: isLeft, isSelected, isFaded },
      ];
    });
  });
}

function stroke(
  context: CanvasRenderingContext2D,
  palette: Palette,
  frame: Frame,
  drawn: Drawn,
  colorOf: TwoSides["colorOf"],
): void {
  const { annotation, of, isSelected } = drawn;
  const ratio = frame.pixelRatio;
  const isThin = drawn.isAgreed || drawn.isRejected;
  const width = isSelected ? LINE_WIDTH + 1 : isThin ? 1 : LINE_WIDTH;
  const line = Math.max(1, Math.round(width * ratio));
  const { line: color, casing } = colorsOf(palette, colorOf(annotation.label));
  const path = pathOf(frame, annotation.shape, drawn.box, line);
  if (isSelected && !drawn.isRejected) {
    context.globalAlpha = 0.12;
    context.fillStyle = color;
    context.fill(path);
  }
  context.globalAlpha = drawn.isFaded ? FADED : isThin && !isSelected ? FAINT : 1;
  context.lineJoin = "miter";
  // The casing is dashed too; on a solid one the dashes would not show.
  context.setLineDash(of === "second" && !drawn.isAgreed ? BROKEN.map((length) => length * ratio) : []);
  context.strokeStyle = casing;
  context.lineWidth = line + 2 * Math.max(1, Math.round(ratio));
  context.stroke(path);
  context.strokeStyle = color;
  context.lineWidth = line;
  context.stroke(path);
  context.setLineDash([]);
  context.globalAlpha = 1;
}

function pathOf({ offset, scale, pixelRatio }: Frame, shape: Shape, box: Area, line: number): Path2D {
  const path = new Path2D();
  const across = (x: number) => (offset.x + x * scale) * pixelRatio;
  const down = (y: number) => (offset.y + y * scale) * pixelRatio;
  if (shape.kind === "polygon") {
    for (const { x, y } of shape.points) path.lineTo(across(x), down(y));
    path.closePath();
  } else if (shape.kind === "point") {
    path.arc(across(shape.at.x), down(shape.at.y), POINT_RADIUS * pixelRatio, 0, 2 * Math.PI);
  } else {
    // A line of odd width is sharp only at half-pixel positions.
    const shift = line % 2 === 0 ? 0 : 0.5;
    path.rect(box.x + shift, box.y + shift, box.width, box.height);
  }
  return path;
}

function paintTags(
  context: CanvasRenderingContext2D,
  palette: Palette,
  ratio: number,
  drawn: Drawn[],
  { letters, colorOf }: Pick<TwoSides, "letters" | "colorOf">,
): void {
  const room: Area = { x: 0, y: 0, width: context.canvas.width, height: context.canvas.height };
  // Selected labels are placed first, A before B, then those of small annotations, which have the fewest possible
  // places.
  const tagged = drawn.filter(({ isAgreed, isSelected }) => !isAgreed || isSelected).reverse();
  tagged.sort((one, other) => Number(other.isSelected) - Number(one.isSelected) || order(one) - order(other));
  context.font = `600 ${TAG.text * ratio}px ${palette.family}`;
  context.textBaseline = "middle";
  const measure = (text: string) => context.measureText(text).width;
  const texts = tagged.map(({ annotation }) => tagText(annotation, MAX_TAG_WIDTH * ratio, measure));
  const places = placeTags(
    tagged.map(({ box, isSelected }, index) => ({
      box,
      width: Math.ceil(measure(texts[index] ?? "") + (2 * TAG.padding + LETTER) * ratio),
      height: Math.round(TAG.height * ratio),
      isNeeded: isSelected,
    })),
    room,
    Math.round((LINE_WIDTH + TAG.gap) * ratio),
  );
  tagged.forEach((each, index) => {
    const place = places[index];
    const label = colorsOf(palette, colorOf(each.annotation.label));
    if (place) paintTag(context, palette, ratio, each, label, letters[each.of], texts[index] ?? "", place);
  });
}

function order({ isSelected, of }: Drawn): number {
  return isSelected && of === "second" ? 1 : 0;
}

/** The side's letter on its own background, then the label on its color. */
function paintTag(
  context: CanvasRenderingContext2D,
  palette: Palette,
  ratio: number,
  { isRejected, isSelected, isFaded }: Drawn,
  label: LabelColors,
  letter: string,
  text: string,
  { x, y, width, height }: Area,
): void {
  const middle = y + height / 2 + 0.5 * ratio;
  const side = LETTER * ratio;
  context.globalAlpha = isFaded ? FADED : isRejected && !isSelected ? FAINT : 1;
  context.fillStyle = palette.overlay;
  fillRounded(context, x - ratio, y - ratio, width + 2 * ratio, height + 2 * ratio, 3 * ratio);
  context.fillStyle = palette.overlayInk;
  context.textAlign = "center";
  context.fillText(letter, x + side / 2, middle);
  context.textAlign = "left";
  context.fillStyle = label.line;
  fillRounded(context, x + side, y, width - side, height, 2 * ratio);
  context.fillStyle = label.ink;
  context.fillText(text, x + side + TAG.padding * ratio, middle);
  if (isRejected) {
    const from = x + side + TAG.padding * ratio;
    context.fillRect(from, Math.round(y + height / 2), context.measureText(text).width, Math.max(1, ratio));
  }
  context.globalAlpha = 1;
}
