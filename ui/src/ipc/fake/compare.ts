/** Two sides of the core in memory, thing by thing. */
import type { Agreement, Agreements, Annotation, ComparedAnnotation, ComparedPair, Rect } from "../bindings";
import { boundsOf } from "../../components/shape";

/** Two annotations that overlap less are about two things. */
const LEAST_IOU = 0.5;
/** In the order in which things are listed. */
const KINDS: readonly Agreement[] = ["relabelled", "only_first", "only_second", "agreed"];

/** Annotations as a side has them, each with the annotation on the image that it is today. */
export function asCompared(annotations: Annotation[], onImage: Annotation[]): ComparedAnnotation[] {
  const left = new Set(onImage);
  return annotations.map((annotation) => {
    const isIt = (other: Annotation) =>
      other.id === annotation.id ||
      (isOfOneRun(other, annotation) && other.label === annotation.label && overlap(other, annotation) > 0.9);
    const today = [...left].find(isIt);
    if (today) left.delete(today);
    const { label, color, shape, confidence, attributes } = annotation;
    return {
      annotation: today?.id ?? null,
      status: today?.status ?? null,
      label,
      color,
      shape,
      confidence,
      attributes,
    };
  });
}

/** Which annotation of one side is about the same thing as which of the other; the differences first. */
export function pairsOf(first: ComparedAnnotation[], second: ComparedAnnotation[]): ComparedPair[] {
  const both = first
    .flatMap((one) => second.map((other) => ({ one, other, iou: overlap(one, other) })))
    .filter(({ iou }) => iou >= LEAST_IOU)
    .sort((a, b) => Number(isAlike(b)) - Number(isAlike(a)) || b.iou - a.iou);
  const taken = new Set<ComparedAnnotation>();
  const pairs: ComparedPair[] = [];
  for (const { one, other, iou } of both) {
    if (taken.has(one) || taken.has(other)) continue;
    taken.add(one).add(other);
    pairs.push({ agreement: isAlike({ one, other }) ? "agreed" : "relabelled", first: one, second: other, iou });
  }
  for (const one of first.filter((annotation) => !taken.has(annotation)))
    pairs.push({ agreement: "only_first", first: one, second: null, iou: 0 });
  for (const other of second.filter((annotation) => !taken.has(annotation)))
    pairs.push({ agreement: "only_second", first: null, second: other, iou: 0 });
  return pairs.sort((a, b) => KINDS.indexOf(a.agreement) - KINDS.indexOf(b.agreement));
}

export function countInto(counts: Agreements, pairs: ComparedPair[]): void {
  for (const { agreement } of pairs) counts[agreement] += 1;
}

function isAlike({ one, other }: { one: ComparedAnnotation; other: ComparedAnnotation }): boolean {
  return one.label === other.label;
}

function isOfOneRun({ origin: one }: Annotation, { origin: other }: Annotation): boolean {
  return one.kind === "run" && other.kind === "run" && one.run === other.run;
}

/** Of what has no extent, it is the same as long as it says the same. */
function overlap(
  one: Pick<ComparedAnnotation, "shape" | "label">,
  other: Pick<ComparedAnnotation, "shape" | "label">,
): number {
  const [a, b] = [boundsOf(one.shape), boundsOf(other.shape)];
  if (a === null || b === null) return one.shape.kind === other.shape.kind && one.label === other.label ? 1 : 0;
  const width = Math.min(a.x2, b.x2) - Math.max(a.x1, b.x1);
  const height = Math.min(a.y2, b.y2) - Math.max(a.y1, b.y1);
  if (width <= 0 || height <= 0) return 0;
  return (width * height) / (area(a) + area(b) - width * height);
}

function area({ x1, y1, x2, y2 }: Rect): number {
  return (x2 - x1) * (y2 - y1);
}
