/** What a decision does to an image, as the window shows it until the stored answer is back. */
import type { Annotation, Decision, ImageCard, RejectReason, Verdict } from "../ipc/bindings";

/** What a person says of marks. */
export type Said = Decision;

/** In the order of their digits. */
export const REJECT_REASONS: readonly RejectReason[] = [
  "not_there",
  "wrong_label",
  "bad_box",
  "duplicate",
  "too_vague",
  "other",
];

function isProposed({ status }: Annotation): boolean {
  return status === "proposed";
}

/** What an image is whose marks are all decided. */
export function decidedState(marks: Annotation[]): ImageCard["review"] {
  return marks.every(({ status }) => status === "rejected") ? "confirmed_empty" : "reviewed";
}

/** The least certain first; marks without a confidence last, in the order in which they were made. */
export function byCertainty(marks: Annotation[]): Annotation[] {
  return [...marks].sort((one, other) => (one.confidence ?? 2) - (other.confidence ?? 2) || one.id - other.id);
}

/** Accepting a mark that the person had changed leaves it the person's. */
export function decided(mark: Annotation, verdict: Verdict): Annotation {
  return verdict.kind === "accept"
    ? { ...mark, status: mark.status === "edited" ? "edited" : "accepted", reject_reason: null }
    : { ...mark, status: "rejected", reject_reason: verdict.reason };
}

/** The image as it will be once `decision` is stored. */
export function withDecision(card: ImageCard, { scope, verdict }: Said): ImageCard {
  const marks = card.marks.map((mark): Annotation => {
    const isMeant = scope.kind === "mark" ? mark.id === scope.id : mark.status === "proposed";
    return isMeant ? decided(mark, verdict) : mark;
  });
  return { ...card, marks, review: marks.some(isProposed) ? card.review : decidedState(marks) };
}
