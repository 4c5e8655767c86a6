/** Decisions about annotations, and what accepting applies to. */
import type {
  Annotation,
  AnnotationId,
  DecisionScope,
  ImageCard,
  ImageId,
  RejectReason,
  Verdict,
} from "../api/bindings";
import { isApproved } from "../components/approved";
import { decidedState } from "./changes";

/** A decision about annotations, as one step. */
export interface PendingDecision {
  image: ImageId;
  scope: DecisionScope | { kind: "annotations"; ids: readonly AnnotationId[] };
  verdict: Verdict;
}

/** In the order of their digit keys. */
export const REJECT_REASONS: readonly RejectReason[] = [
  "not_there",
  "wrong_label",
  "bad_box",
  "duplicate",
  "too_vague",
  "other",
];

/** What accepting does to an image, as its button says. */
export type Accepting =
  | { kind: "annotations"; annotations: readonly Annotation[] }
  /** Accepts all proposals and shows the next image. */
  | { kind: "image" }
  /** Nothing is undecided: marks the image as reviewed or confirmed empty. */
  | { kind: "confirm"; isEmpty: boolean }
  /** The selection is already accepted: selects the next proposal. */
  | { kind: "next_annotation" }
  | { kind: "next_image" };

export function acceptingOf({ review, annotations }: ImageCard, selected: readonly Annotation[]): Accepting {
  const open = selected.filter((annotation) => !isApproved(annotation));
  if (open.length > 0) return { kind: "annotations", annotations: open };
  if (annotations.some(isProposed)) return selected.length > 0 ? { kind: "next_annotation" } : { kind: "image" };
  return review === "unreviewed"
    ? { kind: "confirm", isEmpty: decidedState(annotations) === "confirmed_empty" }
    : { kind: "next_image" };
}

/** Whether there is anything to reject: the selection, or proposals. */
export function mayReject({
  selectedAnnotations,
  proposals,
}: Record<"selectedAnnotations" | "proposals", readonly unknown[]>): boolean {
  return selectedAnnotations.length > 0 || proposals.length > 0;
}

function isProposed({ status }: Annotation): boolean {
  return status === "proposed";
}

/** Least certain first; annotations without a confidence last, in creation order. */
export function byCertainty(annotations: Annotation[]): Annotation[] {
  return [...annotations].sort(
    (one, other) => (one.confidence ?? 2) - (other.confidence ?? 2) || creationOrder(one.id) - creationOrder(other.id),
  );
}

/** Temporary ids are negative and count down, so they sort last. */
function creationOrder(id: AnnotationId): number {
  return id < 0 ? Number.MAX_SAFE_INTEGER / 2 - id : id;
}
