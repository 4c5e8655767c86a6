/**
 * What choosing between two sides means for the annotations of an image. The sides never change by that: what a run answered
 * stays what it answered. What changes is which of it stands on the image.
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
} from "../ipc/bindings";
import { withChanges } from "../editor/changes";
import { isApproved } from "../kit/approved";
import type { ComparedSides } from "../state/app.svelte";

export type Sides = ComparedSides;
export type SideName = keyof Sides;

/** Of which side the annotations stand; of what only one side saw, taking the other one's word leaves it out. */
export type Choice = SideName | "both" | "neither";

/** An image as both sides see it, and as it is today. Pairs keep their places for as long as somebody looks. */
export interface Compared {
  sides: Sides;
  card: ImageCard;
  pairs: readonly ComparedPair[];
  /** Places of what is not on the image and was left out: nothing is stored about that. */
  passed: ReadonlySet<number>;
}

/** A change for the sake of one side of a pair. */
export interface Move {
  place: number;
  of: SideName;
  change: AnnotationChange;
}

export const SIDE_NAMES: readonly SideName[] = ["first", "second"];

/** What is on the image of a side's annotation. */
type Standing = "stands" | "open" | "left_out" | "absent";

export function isDifference({ agreement }: ComparedPair): boolean {
  return agreement !== "agreed";
}

/** Whether both may stand beside each other. What is one annotation on the image can only say one thing. */
export function mayTakeBoth(pair: ComparedPair): boolean {
  return pair.first !== null && pair.second !== null && !isOneAnnotation(pair);
}

/** What was chosen; null while something is to be decided. */
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

/** Whether a side's annotation was decided against. */
export function isLeftOut(compared: Compared, place: number, of: SideName): boolean {
  const choice = choiceOf(compared, place);
  return choice !== null && choice !== "both" && choice !== of;
}

/** The differences that nobody has decided, by their places. */
export function undecided(compared: Compared): number[] {
  return compared.pairs.flatMap((pair, place) =>
    isDifference(pair) && choiceOf(compared, place) === null ? [place] : [],
  );
}

/** What is to be done so that a choice holds; nothing when it does already. */
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
 * Accepts what both sides found. Where both have a proposal for it on the image the first one's is taken, because one
 * thing wants one annotation. What a person has decided stays.
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

/** How it is drawn until the core has taken the moves. Annotations that are added have ids below zero until then. */
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

/** As it is once the core has taken the moves. */
export function withStep(compared: Compared, moves: readonly Move[], step: Step): Compared {
  return linked({ ...compared, card: step.image }, moves, step.annotations);
}

/** Annotations that came to be are from then on what their side has on the image. */
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

/** A run's annotation that a person has changed is both sides' when the other side is what people decided. */
function isOneAnnotation({ first, second }: ComparedPair): boolean {
  return first !== null && second !== null && first.annotation !== null && first.annotation === second.annotation;
}

function isStanding(annotation: Annotation | null): boolean {
  return annotation !== null && isApproved(annotation);
}

function standing({ sides, card }: Compared, pair: ComparedPair, of: SideName): Standing {
  const today = onImage(card, pair[of]);
  // A person's own annotation leaves nothing behind when it goes; a run's that is not there was never decided.
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

/** Who takes neither of two labels has not said that nothing is there. */
function reasonAgainst({ agreement }: ComparedPair, choice: Choice): RejectReason | null {
  if (agreement === "only_first" || agreement === "only_second") return "not_there";
  if (choice === "neither") return null;
  return agreement === "agreed" ? "duplicate" : "wrong_label";
}

function contentOf({ label, shape, attributes }: ComparedAnnotation): AnnotationContent {
  return { label, shape, attributes };
}
