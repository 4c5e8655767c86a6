/** What a person can say about annotations, and what accepting is about. */
import type {
  Annotation,
  AnnotationId,
  DecisionScope,
  ImageCard,
  ImageId,
  RejectReason,
  Verdict,
} from "../ipc/bindings";
import { isApproved } from "../kit/approved";
import { decidedState } from "./changes";

/** What a person says of annotations, as one step. */
export interface Said {
  image: ImageId;
  scope: DecisionScope | { kind: "annotations"; ids: readonly AnnotationId[] };
  verdict: Verdict;
}

/** In the order of their digits. */
export const REJECT_REASONS: readonly RejectReason[] = [
  "not_there",
  "wrong_label",
  "bad_box",
  "duplicate",
  "too_vague",
  "other",
];

/** What accepting does to an image, which is also what its button says. */
export type Accepting =
  | { kind: "annotations"; annotations: readonly Annotation[] }
  /** Every proposal of the image is accepted, and the next image is shown. */
  | { kind: "image" }
  /** Nothing waits for a decision: the image becomes reviewed, or confirmed empty. */
  | { kind: "confirm"; isEmpty: boolean }
  /** The selected annotations are accepted already; the next proposal is selected. */
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

/** Whether there is something to reject: what is selected, or the proposals. */
export function mayReject({
  selectedAnnotations,
  proposals,
}: Record<"selectedAnnotations" | "proposals", readonly unknown[]>): boolean {
  return selectedAnnotations.length > 0 || proposals.length > 0;
}

function isProposed({ status }: Annotation): boolean {
  return status === "proposed";
}

/** The least certain first; annotations without a confidence last, in the order in which they were made. */
export function byCertainty(annotations: Annotation[]): Annotation[] {
  return [...annotations].sort(
    (one, other) => (one.confidence ?? 2) - (other.confidence ?? 2) || turnOf(one.id) - turnOf(other.id),
  );
}

/** What the core has not named yet was made last; its numbers go down. */
function turnOf(id: AnnotationId): number {
  return id < 0 ? Number.MAX_SAFE_INTEGER / 2 - id : id;
}
