/**
 * What choosing a side changes on the image. The sides themselves never change: a run's answer stays. Only the
 * annotations on the image do.
 */
import type {
  Annotation,
  AnnotationId,
  ComparedAnnotation,
  ComparedPair,
  ImageCard,
  AnnotationChange,
  AnnotationContent,
  RejectReason,
  Side,
  Step,
} from "../api/bindings";
import { withChanges } from "../editor/changes";
import { isApproved } from "../components/approved";
import type { ComparedSides } from "../state/navigation.svelte";

export type Sides = ComparedSides;
export type SideName = keyof Sides;

/** The side whose annotations are kept; the side without one means removal. */
export type Choice = SideName | "both" | "neither";

/** An image with both sides and its current annotations. Pairs keep their index while the image is shown. */
export interface Compared {
  sides: Sides;
  card: ImageCard;
  pairs: readonly ComparedPair[];
  /** Indices of removed pairs that were not on the image, so that nothing is stored. */
  passed: ReadonlySet<number>;
}

/** A change for one side of a pair. */
export interface Move {
  place: number;
  of: SideName;
  change: AnnotationChange;
}

export const SIDE_NAMES: readonly SideName[] = ["first", "second"];

/** The state on the image of a side's annotation. */
type Standing = "stands" | "open" | "left_out" | "absent";

export function isDifference({ agreement }: ComparedPair): boolean {
  return agreement !== "agreed";
}

/** Whether both can be kept. If both are the same annotation on the image, it can have only one label. */
export function mayTakeBoth(pair: ComparedPair): boolean {
  return pair.first !== null && pair.second !== null && !isOneAnnotation(pair);
}

/** The current choice; null if undecided. */
export function choiceOf(compared: Compared, place: number): Choice | null {
  const pair = compared.pairs[place];
  if (!pair) return null;
  if (isOneAnnotation(pair)) return choiceOfOne(compared, pair);
  const first = standing(compared, pair, "first");
  const second = standing(compared, pair, "second");
  if (first === "open" || second === "open") return null;
  if (first === "stands") return second === "stands" ? "both" : "first";
  if (second === "stands") return "second";
  return first === "left_out" || second === "left_out" || compared.passed.has(place) ? "neither" : null;
}

/** Whether a side's annotation was rejected. */
export function isRejected(compared: Compared, place: number, of: SideName): boolean {
  const choice = choiceOf(compared, place);
  return choice !== null && choice !== "both" && choice !== of;
}

/** Indices of undecided differences. */
export function undecided(compared: Compared): number[] {
  return compared.pairs.flatMap((pair, place) =>
    isDifference(pair) && choiceOf(compared, place) === null ? [place] : [],
  );
}

/** The changes that a choice needs; none if it holds already. */
export function movesFor(compared: Compared, place: number, choice: Choice): Move[] {
  const pair = compared.pairs[place];
  if (!pair || (choice === "both" && !mayTakeBoth(pair))) return [];
  if (isOneAnnotation(pair)) return movesOfOne(compared, pair, place, choice);
  const why = reasonAgainst(pair, choice);
  return SIDE_NAMES.flatMap((of) => {
    const annotation = pair[of];
    if (annotation === null) return [];
    const today = onImage(compared.card, annotation);
    const isTaken = choice === "both" || choice === of;
    const change = isTaken ? taking(compared.sides[of], annotation, today) : leavingOut(today, why);
    return change === null ? [] : { place, of, change };
  });
}

/**
 * Accepts what both sides found. If both have a proposal on the image, the first is accepted, to avoid duplicates. A
 * person's decisions stay.
 */
export function movesForAgreed(compared: Compared): Move[] {
  return compared.pairs.flatMap((pair, place): Move[] => {
    if (isDifference(pair) || isOneAnnotation(pair)) return [];
    const today = { first: onImage(compared.card, pair.first), second: onImage(compared.card, pair.second) };
    if (today.first?.status === "rejected" || today.second?.status === "rejected") return [];
    const taken = isStanding(today.second) || today.first === null ? "second" : "first";
    return SIDE_NAMES.flatMap((of): Move[] => {
      const annotation = today[of];
      if (annotation?.status !== "proposed") return [];
      const verdict = of === taken ? ({ kind: "accept" } as const) : ({ kind: "reject", reason: "duplicate" } as const);
      return [{ place, of, change: { kind: "decide", id: annotation.id, verdict } }];
    });
  });
}

/** Optimistic state until the core has stored the changes. Added annotations have temporary negative ids. */
export function withMoves(compared: Compared, moves: readonly Move[]): Compared {
  const ids = moves.map(({ place, of, change }): AnnotationId => {
    return "id" in change ? change.id : -2 * place - (of === "first" ? 1 : 2);
  });
  const { annotations } = withChanges(
    compared.card,
    moves.map(({ change }) => change),
    ids,
  );
  return linked({ ...compared, card: { ...compared.card, annotations } }, moves, ids);
}

/** The state after the core has stored the changes. */
export function withStep(compared: Compared, moves: readonly Move[], step: Step): Compared {
  return linked({ ...compared, card: step.image }, moves, step.annotations);
}

/** Links added annotations to their side. */
function linked(compared: Compared, moves: readonly Move[], ids: readonly AnnotationId[]): Compared {
  const pairs = [...compared.pairs];
  moves.forEach(({ place, of, change }, index) => {
    const pair = pairs[place];
    const annotation = pair?.[of];
    const id = ids[index];
    if (pair && annotation && id !== undefined && (change.kind === "add" || change.kind === "adopt"))
      pairs[place] = { ...pair, [of]: { ...annotation, annotation: id } };
  });
  return { ...compared, pairs };
}

function onImage(card: ImageCard, annotation: ComparedAnnotation | null): Annotation | null {
  return (annotation && card.annotations.find(({ id }) => id === annotation.annotation)) ?? null;
}

/** A run's annotation that a person edited belongs to both sides if the other side is people's decisions. */
function isOneAnnotation({ first, second }: ComparedPair): boolean {
  return first !== null && second !== null && first.annotation !== null && first.annotation === second.annotation;
}

function isStanding(annotation: Annotation | null): boolean {
  return annotation !== null && isApproved(annotation);
}

function standing({ sides, card }: Compared, pair: ComparedPair, of: SideName): Standing {
  const today = onImage(card, pair[of]);
  // A removed annotation of a person leaves nothing; a run's that is missing was never decided.
  if (today === null) return pair[of]?.annotation != null && sides[of].kind === "decided" ? "left_out" : "absent";
  if (isStanding(today)) return "stands";
  return today.status === "proposed" ? "open" : "left_out";
}

function choiceOfOne({ card }: Compared, pair: ComparedPair): Choice | null {
  const today = onImage(card, pair.first);
  if (today === null || today.status === "rejected") return "neither";
  if (today.status === "proposed") return null;
  if (!isDifference(pair)) return "both";
  return today.label === pair.first?.label ? "first" : "second";
}

function movesOfOne({ card }: Compared, pair: ComparedPair, place: number, choice: Choice): Move[] {
  const today = onImage(card, pair.first);
  if (choice === "neither" || choice === "both") {
    const change = leavingOut(today, null);
    return change === null ? [] : [{ place, of: "first", change }];
  }
  const annotation = pair[choice];
  if (annotation === null || today === null || (isStanding(today) && today.label === annotation.label)) return [];
  return [{ place, of: choice, change: { kind: "change", id: today.id, content: contentOf(annotation) } }];
}

function taking(side: Side, annotation: ComparedAnnotation, today: Annotation | null): AnnotationChange | null {
  if (today !== null) return isStanding(today) ? null : { kind: "decide", id: today.id, verdict: { kind: "accept" } };
  return side.kind === "run"
    ? { kind: "adopt", run: side.run, content: contentOf(annotation), confidence: annotation.confidence }
    : { kind: "add", content: contentOf(annotation) };
}

function leavingOut(today: Annotation | null, reason: RejectReason | null): AnnotationChange | null {
  if (today === null || today.status === "rejected") return null;
  return today.origin.kind === "person"
    ? { kind: "remove", id: today.id }
    : { kind: "decide", id: today.id, verdict: { kind: "reject", reason } };
}

/** Choosing neither of two labels does not say that nothing is there. */
function reasonAgainst({ agreement }: ComparedPair, choice: Choice): RejectReason | null {
  if (agreement === "only_first" || agreement === "only_second") return "not_there";
  if (choice === "neither") return null;
  return agreement === "agreed" ? "duplicate" : "wrong_label";
}

function contentOf({ label, shape, attributes }: ComparedAnnotation): AnnotationContent {
  return { label, shape, attributes };
}
