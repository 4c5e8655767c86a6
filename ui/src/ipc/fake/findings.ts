/** What the detector of the core in memory finds. */
import type { Annotation, ImageId, Rect, RunId } from "../bindings";
import { chance, photoOf } from "./photos";
import { colorOf } from "./recipes";

export const ANNOTATIONS_AN_IMAGE = 16;
/** Annotations that are on no image have numbers of their own. */
const FIRST_FOREIGN_ID = 5_000_000;

/** What is easily taken for something else. */
const MISTAKEN_FOR: Record<string, string> = {
  boat: "surfboard",
  cup: "bowl",
  spoon: "knife",
  "traffic light": "parking meter",
  airplane: "kite",
  "sports ball": "backpack",
  "potted plant": "vase",
  cat: "dog",
};

/** A first run saw much the same as the next: a few things less, a few by another name, here and there one more. */
export function foundEarliest(image: ImageId, run: RunId): Annotation[] {
  const { annotations, size } = photoOf(image);
  const seen = annotations.map((annotation, place) => {
    const luck = chance(image, 70 + place);
    const label = luck < 0.35 ? (MISTAKEN_FOR[annotation.label] ?? annotation.label) : annotation.label;
    return luck < 0.15 ? null : { ...annotation, label, rect: nudged(annotation.rect, image) };
  });
  const { width, height } = size;
  const rect = { x1: width * 0.06, y1: height * 0.62, x2: width * 0.2, y2: height * 0.86 };
  const more = chance(image, 80) < 0.3 ? [{ label: "bottle", rect, confidence: 0.36 }] : [];
  return [...seen, ...more].flatMap((annotation, place) =>
    annotation === null
      ? []
      : annotationAt(image, annotation, run, FIRST_FOREIGN_ID + image * ANNOTATIONS_AN_IMAGE + place),
  );
}

/** By a few hundredths of its size: small boxes must still overlap. */
function nudged({ x1, y1, x2, y2 }: Rect, image: ImageId): Rect {
  const by = (length: number, salt: number) => length * 0.06 * (chance(image, salt) - 0.5);
  const [width, height] = [x2 - x1, y2 - y1];
  return { x1: x1 + by(width, 81), y1: y1 + by(height, 82), x2: x2 + by(width, 83), y2: y2 + by(height, 84) };
}

/** A detector never says quite the same twice: boxes and confidences differ a little from image to image. */
export function annotationAt(
  image: ImageId,
  { label, rect, confidence }: { label: string; rect: Rect; confidence: number },
  run: RunId,
  id: number,
): Annotation {
  const shift = (salt: number) => Math.round((chance(image, salt) - 0.5) * 8);
  const { width, height } = photoOf(image).size;
  const within = (value: number, most: number) => Math.min(most, Math.max(0, value));
  return {
    id,
    origin: { kind: "run", run },
    propagated_from: null,
    label,
    color: colorOf(label),
    shape: {
      kind: "box",
      rect: {
        x1: within(rect.x1 + shift(11), width),
        y1: within(rect.y1 + shift(12), height),
        x2: within(rect.x2 + shift(13), width),
        y2: within(rect.y2 + shift(14), height),
      },
    },
    confidence: Math.min(0.99, Math.max(0.3, confidence + (chance(image, id % ANNOTATIONS_AN_IMAGE) - 0.5) * 0.2)),
    attributes: {},
    status: "proposed",
    reject_reason: null,
  };
}
