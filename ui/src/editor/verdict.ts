/** What a decision does to an image, as the window shows it until the stored answer is back. */
import type { Annotation, Decision, ImageCard, RejectReason } from "../ipc/bindings";

/** In the order of their digits. */
export const REJECT_REASONS: readonly RejectReason[] = [
  "not_there",
  "wrong_label",
  "bad_box",
  "duplicate",
  "too_vague",
  "other",
];

export function proposalsOf(card: ImageCard): Annotation[] {
  return card.marks.filter((mark) => mark.status === "proposed");
}

/** The least certain first; marks without a confidence last, in the order in which they were made. */
export function byCertainty(marks: Annotation[]): Annotation[] {
  return [...marks].sort((one, other) => (one.confidence ?? 2) - (other.confidence ?? 2) || one.id - other.id);
}

/** The image as it will be once `decision` is stored. */
export function withDecision(card: ImageCard, { scope, verdict }: Decision): ImageCard {
  const isEmptied = scope.kind === "image" && verdict.kind === "accept" && proposalsOf(card).length === 0;
  const marks = card.marks.map((mark): Annotation => {
    const isMeant = scope.kind === "mark" ? mark.id === scope.id : mark.status === "proposed";
    if (!isMeant) return mark;
    return verdict.kind === "accept"
      ? { ...mark, status: "accepted", reject_reason: null }
      : { ...mark, status: "rejected", reject_reason: verdict.reason };
  });
  const isDecided = !marks.some((mark) => mark.status === "proposed");
  return { ...card, marks, review: isEmptied ? "confirmed_empty" : isDecided ? "reviewed" : card.review };
}
