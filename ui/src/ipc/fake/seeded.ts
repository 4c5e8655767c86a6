/** `?mistakes`: a few annotations of every kind that checks find, on some images that nobody has reviewed. */
import type { Annotation, AnnotationId, Check, ImageCard, PixelSize, Rect } from "../bindings";
import { PHOTOS } from "./photos";
import { colorOf } from "./recipes";

/** By the place of a photo among the samples and its turn among its repetitions. */
const SEEDED: readonly { stem: string; turn: number; check: Check }[] = [
  { stem: "cat", turn: 1, check: "duplicate" },
  { stem: "cafe", turn: 2, check: "tiny" },
  { stem: "lake", turn: 3, check: "huge" },
  { stem: "portrait", turn: 4, check: "outside" },
  { stem: "cat", turn: 3, check: "odd_aspect" },
  { stem: "portrait", turn: 2, check: "misspelled" },
];
const TURNS = 5;

export function withSeededMistakes(card: ImageCard, firstId: AnnotationId): ImageCard {
  const photo = PHOTOS[(card.id - 1) % PHOTOS.length];
  const turn = Math.floor((card.id - 1) / PHOTOS.length) % TURNS;
  const seeded = SEEDED.filter((seed) => seed.stem === photo?.stem && seed.turn === turn);
  const [first] = card.annotations;
  if (card.review !== "unreviewed" || first === undefined) return card;
  const annotations = seeded.map(({ check }, place) => mistaken(first, check, card.size, firstId + place));
  return { ...card, annotations: [...card.annotations, ...annotations] };
}

function mistaken(annotation: Annotation, check: Check, { width, height }: PixelSize, id: AnnotationId): Annotation {
  const { x1, y1, x2, y2 } =
    annotation.shape.kind === "box" ? annotation.shape.rect : { x1: 0, y1: 0, x2: width, y2: height };
  const [across, down] = [x2 - x1, y2 - y1];
  const label = check === "misspelled" ? `${annotation.label.slice(0, -1)}m` : annotation.label;
  const rects: Record<Check, Rect> = {
    duplicate: { x1: x1 + across * 0.02, y1: y1 + down * 0.03, x2: x2 - across * 0.03, y2 },
    huge: { x1: 2, y1: 2, x2: width - 1, y2: height - 1 },
    tiny: { x1: width * 0.8, y1: height * 0.7, x2: width * 0.8 + 12, y2: height * 0.7 + 9 },
    outside: { x1: width * 0.7, y1: height * 0.1, x2: width + 40, y2: height * 0.6 },
    odd_aspect: { x1: width * 0.2, y1: height * 0.85, x2: width * 0.95, y2: height * 0.92 },
    misspelled: { x1: width * 0.05, y1: height * 0.55, x2: width * 0.35, y2: height * 0.95 },
  };
  const confidence = Math.max(0.3, (annotation.confidence ?? 0.5) - 0.08);
  return { ...annotation, id, label, color: colorOf(label), shape: { kind: "box", rect: rects[check] }, confidence };
}
