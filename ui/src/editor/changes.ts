/** Optimistic result of a decision or edit, shown until the core's answer replaces it. The core has the rules. */
import type {
  Annotation,
  AnnotationChange,
  AnnotationContent,
  AnnotationId,
  ImageCard,
  Verdict,
} from "../api/bindings";
import type { PendingDecision } from "./verdict";

/** The label of captions. It appears in exports and is the same in every language. */
export const CAPTION_LABEL = "caption";

export function contentOf({ label, shape, attributes }: Annotation): AnnotationContent {
  return { label, shape, attributes };
}

export function isOwn({ origin }: Annotation): boolean {
  return origin.kind === "person";
}

/** The image after the changes. Added annotations get the temporary `ids` until the core assigns theirs. */
export function withChanges(
  card: ImageCard,
  changes: readonly AnnotationChange[],
  ids: readonly AnnotationId[],
): ImageCard {
  let annotations = card.annotations;
  changes.forEach((change, place) => {
    switch (change.kind) {
      case "add":
        annotations = [...annotations, added(ids[place] ?? 0, change.content)];
        break;
      case "change":
        annotations = annotations.map((annotation) =>
          annotation.id === change.id ? changed(annotation, change.content) : annotation,
        );
        break;
      case "remove":
        annotations = annotations.flatMap((annotation): Annotation[] => {
          if (annotation.id !== change.id) return [annotation];
          return isOwn(annotation) ? [] : [decided(annotation, { kind: "reject", reason: null })];
        });
        break;
      case "decide":
        annotations = annotations.map((annotation) =>
          annotation.id === change.id ? decided(annotation, change.verdict) : annotation,
        );
        break;
      case "adopt": {
        const found = added(ids[place] ?? 0, change.content);
        annotations = [
          ...annotations,
          { ...found, origin: { kind: "run", run: change.run }, confidence: change.confidence },
        ];
      }
    }
  });
  return { ...card, annotations, review: card.review === "unreviewed" ? card.review : decidedState(annotations) };
}

function added(id: AnnotationId, content: AnnotationContent): Annotation {
  return {
    ...content,
    id,
    origin: { kind: "person" },
    propagated_from: null,
    // The core's color is unused; the window assigns label colors.
    color: 1,
    confidence: null,
    status: "accepted",
    reject_reason: null,
  };
}

function changed(annotation: Annotation, content: AnnotationContent): Annotation {
  return {
    ...annotation,
    ...content,
    status: isOwn(annotation) ? "accepted" : "edited",
    reject_reason: null,
  };
}

/** The review state of an image whose annotations are all decided. */
export function decidedState(annotations: Annotation[]): ImageCard["review"] {
  return annotations.every(({ status }) => status === "rejected") ? "confirmed_empty" : "reviewed";
}

/** An edited annotation stays edited when it is accepted. */
function decided(annotation: Annotation, verdict: Verdict): Annotation {
  return verdict.kind === "accept"
    ? { ...annotation, status: annotation.status === "edited" ? "edited" : "accepted", reject_reason: null }
    : { ...annotation, status: "rejected", reject_reason: verdict.reason };
}

/** The image after a decision. */
export function withDecision(card: ImageCard, { scope, verdict }: PendingDecision): ImageCard {
  const isMeant = (annotation: Annotation): boolean => {
    if (scope.kind === "image") return annotation.status === "proposed";
    return scope.kind === "annotation" ? annotation.id === scope.id : scope.ids.includes(annotation.id);
  };
  const annotations = card.annotations.map((annotation) =>
    isMeant(annotation) ? decided(annotation, verdict) : annotation,
  );
  return {
    ...card,
    annotations,
    review: annotations.some(({ status }) => status === "proposed") ? card.review : decidedState(annotations),
  };
}
