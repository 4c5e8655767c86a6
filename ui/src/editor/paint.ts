/**
 * Draws an image and its marks on a canvas. Everything is computed in device pixels, and lines lie on them, so that
 * what is drawn is sharp at any zoom and on any screen.
 *
 * Boxes are drawn one by one with `strokeRect`: one path of many rectangles is ten times slower.
 */
import type { Annotation, AnnotationId, PixelSize, Rect } from "../ipc/bindings";
import { boundsOf } from "../kit/shape";
import { confidence } from "../messages/format";
import { area } from "./hit";
import { type Area, placeTags } from "./tags";
import type { Point } from "./viewport.svelte";

/** What a canvas needs of the tokens. None of it depends on the theme: it lies on a photograph. */
export interface Palette {
  casing: string;
  overlay: string;
  overlayInk: string;
  family: string;
  lineWidth: number;
  dash: number[];
  labels: { line: string; ink: string; isDashed: boolean }[];
}

/** Where the image is, as a viewport knows it at one moment. */
export interface Frame {
  image: PixelSize;
  view: PixelSize;
  pixelRatio: number;
  scale: number;
  offset: Point;
}

export interface Scene {
  frame: Frame;
  pixels: CanvasImageSource | null;
  marks: Annotation[];
  selected: AnnotationId | null;
  /** Width and height of the selected mark, in words. */
  measure: (box: Rect) => string;
}

/** With more marks in sight, labels would hide what they are about. */
const MOST_TAGS = 120;
/** From here on a person looks at single pixels. */
const PIXELATED_SCALE = 4;
const TAG = { height: 18, padding: 5, text: 11, sign: 9, gap: 1 };
const HANDLE = 7;

export function readPalette(element: Element): Palette {
  const style = getComputedStyle(element);
  const token = (name: string): string => style.getPropertyValue(name).trim();
  return {
    casing: token("--mark-casing"),
    overlay: token("--overlay"),
    overlayInk: token("--overlay-ink"),
    family: token("--font-family"),
    lineWidth: parseFloat(token("--mark-line")) || 2,
    dash: token("--mark-dash").split(/\s+/).map(Number),
    labels: Array.from({ length: 12 }, (_, place) => ({
      line: token(`--label-${place + 1}`),
      ink: token(`--label-${place + 1}-ink`),
      isDashed: place >= 6,
    })),
  };
}

export function paint(context: CanvasRenderingContext2D, palette: Palette, scene: Scene): void {
  const { frame, pixels } = scene;
  const { canvas } = context;
  const ratio = frame.pixelRatio;
  context.clearRect(0, 0, canvas.width, canvas.height);
  if (pixels) {
    const whole = deviceBox(frame, { x1: 0, y1: 0, x2: frame.image.width, y2: frame.image.height });
    context.imageSmoothingEnabled = frame.scale * ratio < PIXELATED_SCALE;
    context.imageSmoothingQuality = "high";
    context.drawImage(pixels, whole.x, whole.y, whole.width, whole.height);
  }
  const room: Area = { x: 0, y: 0, width: canvas.width, height: canvas.height };
  // Large boxes first, so that small ones are not hidden, and the selected one over all.
  const drawn = [...scene.marks]
    .sort((one, other) => area(other) - area(one))
    .flatMap((mark) => {
      const bounds = boundsOf(mark.shape);
      return bounds === null
        ? []
        : { mark, bounds, box: deviceBox(frame, bounds), isSelected: mark.id === scene.selected };
    })
    .filter(({ box }) => isSeen(box, room))
    .sort((one, other) => Number(one.isSelected) - Number(other.isSelected));
  for (const { mark, box, isSelected } of drawn) strokeMark(context, palette, ratio, mark, box, isSelected);
  const chosen = drawn.find(({ isSelected }) => isSelected);
  const measure = chosen ? scene.measure(chosen.bounds) : "";
  context.textBaseline = "middle";
  const measurePlace = chosen ? placeOfMeasure(context, palette, ratio, chosen.box, measure, room) : null;
  paintTags(context, palette, ratio, drawn, room, measurePlace === null ? [] : [measurePlace]);
  if (chosen) paintHandles(context, palette, ratio, chosen.box);
  if (measurePlace) paintMeasure(context, palette, ratio, measure, measurePlace);
}

interface Drawn {
  mark: Annotation;
  box: Area;
  isSelected: boolean;
}

/** A box of the image in device pixels, its edges on the pixels of the screen. */
export function deviceBox({ offset, scale, pixelRatio }: Frame, box: Rect): Area {
  const x = Math.round((offset.x + box.x1 * scale) * pixelRatio);
  const y = Math.round((offset.y + box.y1 * scale) * pixelRatio);
  const width = Math.max(1, Math.round((offset.x + box.x2 * scale) * pixelRatio) - x);
  const height = Math.max(1, Math.round((offset.y + box.y2 * scale) * pixelRatio) - y);
  return { x, y, width, height };
}

function labelOf(palette: Palette, mark: Annotation): Palette["labels"][number] {
  const place = Math.min(12, Math.max(1, Math.round(mark.color))) - 1;
  return palette.labels[place] ?? { line: palette.overlayInk, ink: palette.overlay, isDashed: false };
}

function strokeMark(
  context: CanvasRenderingContext2D,
  palette: Palette,
  ratio: number,
  mark: Annotation,
  box: Area,
  isSelected: boolean,
): void {
  const label = labelOf(palette, mark);
  const isFaint = mark.status === "rejected";
  const line = Math.max(1, Math.round((isFaint ? 1 : palette.lineWidth) * ratio));
  // An odd line lies between two pixels unless it is moved by half of one.
  const shift = line % 2 === 0 ? 0 : 0.5;
  const x = box.x + shift;
  const y = box.y + shift;
  context.globalAlpha = isFaint && !isSelected ? 0.5 : 1;
  if (isSelected) {
    context.globalAlpha = 0.14;
    context.fillStyle = label.line;
    context.fillRect(x, y, box.width, box.height);
    context.globalAlpha = 1;
  }
  context.lineJoin = "miter";
  context.setLineDash([]);
  context.strokeStyle = palette.casing;
  context.lineWidth = line + 2 * Math.max(1, Math.round(ratio));
  context.strokeRect(x, y, box.width, box.height);
  context.strokeStyle = label.line;
  context.lineWidth = line;
  if (label.isDashed) context.setLineDash(palette.dash.map((length) => length * ratio));
  context.strokeRect(x, y, box.width, box.height);
  context.setLineDash([]);
  context.globalAlpha = 1;
}

function paintTags(
  context: CanvasRenderingContext2D,
  palette: Palette,
  ratio: number,
  drawn: Drawn[],
  room: Area,
  taken: Area[],
): void {
  const tagged = drawn
    .filter(({ mark, isSelected }) => isSelected || (mark.status !== "rejected" && drawn.length <= MOST_TAGS))
    // The selected one chooses its place first, then the small ones, which have the fewest places.
    .reverse();
  context.font = `600 ${TAG.text * ratio}px ${palette.family}`;
  const texts = tagged.map(({ mark }) => tagText(mark));
  const places = placeTags(
    tagged.map(({ mark, box, isSelected }, index) => ({
      box,
      width: Math.ceil(context.measureText(texts[index] ?? "").width + (2 * TAG.padding + signWidth(mark)) * ratio),
      height: Math.round(TAG.height * ratio),
      isNeeded: isSelected,
    })),
    room,
    Math.round((palette.lineWidth + TAG.gap) * ratio),
    taken,
  );
  tagged.forEach(({ mark }, index) => {
    const place = places[index];
    if (place) paintTag(context, palette, ratio, mark, texts[index] ?? "", place);
  });
}

function paintTag(
  context: CanvasRenderingContext2D,
  palette: Palette,
  ratio: number,
  mark: Annotation,
  text: string,
  { x, y, width, height }: Area,
): void {
  const label = labelOf(palette, mark);
  context.fillStyle = palette.casing;
  roundedBox(context, x - ratio, y - ratio, width + 2 * ratio, height + 2 * ratio, 3 * ratio);
  context.fillStyle = label.line;
  roundedBox(context, x, y, width, height, 2 * ratio);
  context.fillStyle = label.ink;
  context.strokeStyle = label.ink;
  const middle = y + height / 2;
  const sign = signWidth(mark);
  if (sign > 0) {
    const from = x + TAG.padding * ratio;
    context.lineWidth = 1.75 * ratio;
    context.beginPath();
    if (mark.status === "rejected") {
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
  context.fillText(text, x + (TAG.padding + sign) * ratio, middle + 0.5 * ratio);
}

function paintHandles(context: CanvasRenderingContext2D, palette: Palette, ratio: number, box: Area): void {
  const size = Math.round(HANDLE * ratio);
  const edge = Math.max(1, Math.round(1.5 * ratio));
  for (const across of handlesAlong(box.width, size)) {
    for (const down of handlesAlong(box.height, size)) {
      if (across === 0.5 && down === 0.5) continue;
      const x = Math.round(box.x + across * box.width - size / 2);
      const y = Math.round(box.y + down * box.height - size / 2);
      context.fillStyle = palette.overlay;
      context.fillRect(x - edge, y - edge, size + 2 * edge, size + 2 * edge);
      context.fillStyle = palette.overlayInk;
      context.fillRect(x, y, size, size);
    }
  }
}

/** Handles in the middle of a short edge would run into those in its corners. */
function handlesAlong(length: number, size: number): number[] {
  return length < 5 * size ? [0, 1] : [0, 0.5, 1];
}

/** Below the middle of the selected box; nowhere when that is out of sight. */
function placeOfMeasure(
  context: CanvasRenderingContext2D,
  palette: Palette,
  ratio: number,
  box: Area,
  measure: string,
  room: Area,
): Area | null {
  context.font = `400 ${TAG.text * ratio}px ${palette.family}`;
  const width = Math.ceil(context.measureText(measure).width + 12 * ratio);
  const height = Math.round(16 * ratio);
  const x = Math.min(room.width - width, Math.max(0, Math.round(box.x + box.width / 2 - width / 2)));
  const y = box.y + box.height + Math.round(8 * ratio);
  return y + height > room.height ? null : { x, y, width, height };
}

function paintMeasure(
  context: CanvasRenderingContext2D,
  palette: Palette,
  ratio: number,
  measure: string,
  { x, y, width, height }: Area,
): void {
  context.font = `400 ${TAG.text * ratio}px ${palette.family}`;
  context.fillStyle = palette.overlay;
  roundedBox(context, x, y, width, height, 3 * ratio);
  context.fillStyle = palette.overlayInk;
  context.fillText(measure, x + 6 * ratio, y + height / 2 + 0.5 * ratio);
}

function tagText(mark: Annotation): string {
  return mark.confidence === null ? mark.label : `${mark.label} ${confidence(mark.confidence)}`;
}

function signWidth({ status }: Annotation): number {
  return status === "proposed" ? 0 : TAG.sign + 3;
}

function roundedBox(
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

function isSeen(box: Area, room: Area): boolean {
  return box.x < room.width && box.y < room.height && box.x + box.width > 0 && box.y + box.height > 0;
}
