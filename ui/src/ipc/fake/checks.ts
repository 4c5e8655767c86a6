/** What the checks find among annotations, as the core does: some on an image alone, some by what is usual in the library. */
import type { Annotation, Check, CheckFinding, ImageCard, PixelSize, Rect, RepairAction } from "../bindings";
import { boundsOf } from "../../components/shape";
import { standingAnnotations } from "./query/match";

const SAME_PLACE = 0.85;
const HUGE = 0.95;
const TINY = 0.001;
/** Fewer boxes of a label say nothing about how its boxes are. */
const LEAST_BOXES = 20;
/** Of a normal distribution the standard deviation is so many times the median absolute deviation. */
const DEVIATION = 1.4826;
const ODD_DEVIATIONS = 4;
const LEAST_LETTERS = 5;
const FAR_MORE_FREQUENT = 4;

/** What is usual in a library. */
export interface Habits {
  aspects: ReadonlyMap<string, { median: number; farthest: number }>;
  /** By a misspelled label, what it is likely meant to be. */
  meant: ReadonlyMap<string, string>;
  counts: ReadonlyMap<string, number>;
}

export function habitsOf(cards: Iterable<ImageCard>): Habits {
  const counts = new Map<string, number>();
  const aspects = new Map<string, number[]>();
  for (const card of cards) {
    for (const annotation of standingAnnotations(card)) {
      counts.set(annotation.label, (counts.get(annotation.label) ?? 0) + 1);
      const aspect = aspectOf(annotation);
      if (aspect === null) continue;
      const known = aspects.get(annotation.label);
      if (known) known.push(aspect);
      else aspects.set(annotation.label, [aspect]);
    }
  }
  const usual = [...aspects].flatMap(([label, all]) => {
    if (all.length < LEAST_BOXES) return [];
    const median = medianOf(all);
    const spread = medianOf(all.map((aspect) => Math.abs(aspect - median)));
    return [[label, { median, farthest: Math.max(ODD_DEVIATIONS * DEVIATION * spread, Math.LN2) }] as const];
  });
  return { aspects: new Map(usual), meant: meantBy(counts), counts };
}

export function findingsOn(card: ImageCard, habits: Habits): CheckFinding[] {
  const annotations = standingAnnotations(card);
  return annotations.flatMap((annotation) => {
    const found: CheckFinding[] = [];
    const note = (check: Check, more: Partial<CheckFinding> = {}) =>
      found.push({
        check,
        annotation: annotation.id,
        other: null,
        repair: repairOf(check, annotation, card.size),
        ...more,
      });
    const better = annotations.find((other) => other.id !== annotation.id && repeats(annotation, other));
    if (better) note("duplicate", { other: better.id });
    const share = shareOf(annotation, card.size);
    if (share !== null && share > HUGE) note("huge");
    if (share !== null && share < TINY) note("tiny");
    if (reachesOver(annotation, card.size)) note("outside");
    const aspect = aspectOf(annotation);
    const usual = habits.aspects.get(annotation.label);
    if (aspect !== null && usual && Math.abs(aspect - usual.median) > usual.farthest) note("odd_aspect");
    const meant = habits.meant.get(annotation.label);
    if (meant !== undefined) note("misspelled", { repair: { kind: "relabel", label: meant } });
    return found;
  });
}

function repairOf(check: Check, annotation: Annotation, { width, height }: PixelSize): RepairAction {
  const bounds = boundsOf(annotation.shape);
  const isPartlyInside = bounds && bounds.x1 < width && bounds.y1 < height && bounds.x2 > 0 && bounds.y2 > 0;
  if (check === "outside" && isPartlyInside) return { kind: "crop" };
  if (annotation.origin.kind === "person") return { kind: "remove" };
  return { kind: "reject", reason: check === "duplicate" ? "duplicate" : "bad_box" };
}

/** Whether `annotation` is the worse one of two that are the same: undecided, less certain, or made later. */
function repeats(annotation: Annotation, other: Annotation): boolean {
  if (annotation.label !== other.label || annotation.shape.kind !== other.shape.kind) return false;
  const [one, two] = [boundsOf(annotation.shape), boundsOf(other.shape)];
  if (!one || !two || overlap(one, two) < SAME_PLACE) return false;
  const worth = ({ status, confidence, id }: Annotation) => [status === "proposed" ? 0 : 1, confidence ?? 1, -id];
  const [mine, others] = [worth(annotation), worth(other)];
  const place = mine.findIndex((value, at) => value !== others[at]);
  return (mine[place] ?? 0) < (others[place] ?? 0);
}

function areaOf({ x1, y1, x2, y2 }: Rect): number {
  return Math.max(0, x2 - x1) * Math.max(0, y2 - y1);
}

function overlap(one: Rect, other: Rect): number {
  const common = areaOf({
    x1: Math.max(one.x1, other.x1),
    y1: Math.max(one.y1, other.y1),
    x2: Math.min(one.x2, other.x2),
    y2: Math.min(one.y2, other.y2),
  });
  const both = areaOf(one) + areaOf(other) - common;
  return both > 0 ? common / both : 0;
}

function shareOf(annotation: Annotation, { width, height }: PixelSize): number | null {
  const bounds = annotation.shape.kind === "point" ? null : boundsOf(annotation.shape);
  return bounds && areaOf(bounds) / (width * height);
}

function reachesOver(annotation: Annotation, { width, height }: PixelSize): boolean {
  const bounds = boundsOf(annotation.shape);
  return bounds !== null && (bounds.x1 < 0 || bounds.y1 < 0 || bounds.x2 > width || bounds.y2 > height);
}

/** How much wider than high a box is, as a logarithm: twice as wide is as far from a square as twice as high. */
function aspectOf({ shape }: Annotation): number | null {
  if (shape.kind !== "box") return null;
  const { x1, y1, x2, y2 } = shape.rect;
  return x2 > x1 && y2 > y1 ? Math.log((x2 - x1) / (y2 - y1)) : null;
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}

function meantBy(counts: ReadonlyMap<string, number>): Map<string, string> {
  const labels = [...counts].sort(([, one], [, other]) => other - one);
  const meant = new Map<string, string>();
  for (const [label, count] of labels) {
    const better = labels.find(
      ([other, often]) =>
        (often > count && plain(other) === plain(label)) ||
        (often >= FAR_MORE_FREQUENT * count && [...label].length >= LEAST_LETTERS && isOneLetterOff(other, label)),
    );
    if (better && better[0] !== label) meant.set(label, better[0]);
  }
  return meant;
}

function plain(label: string): string {
  return label.toLowerCase().replaceAll(/[\s_-]/gu, "");
}

/** One letter is another, is missing, or is too many. */
function isOneLetterOff(one: string, other: string): boolean {
  const [longer, shorter] = one.length >= other.length ? [one, other] : [other, one];
  if (longer.length - shorter.length > 1 || one === other) return false;
  let same = 0;
  while (same < shorter.length && longer[same] === shorter[same]) same += 1;
  return longer.slice(same + 1) === shorter.slice(longer.length === shorter.length ? same + 1 : same);
}
