/**
 * How an image is drawn after a decision or a change, until the core has answered. What they do is decided by the core alone:
 * its answer takes the place of what is drawn here.
 */
import type {
  Annotation,
  AnnotationChange,
  AnnotationContent,
  AnnotationId,
  ImageCard,
  Verdict,
} from "../ipc/bindings";
import type { Said } from "./verdict";

/** The label of captions: their words say the rest. It goes into exports, and is the same in every language. */
export const CAPTION_LABEL = "caption";

export function contentOf({ label, shape, attributes }: Annotation): AnnotationContent {
  return { label, shape, attributes };
}

export function isOwn({ origin }: Annotation): boolean {
  return origin.kind === "person";
}

/** The image after changes. What is added goes by the `ids` in the places of its changes until the core names it. */
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
    // The core's own; the window chooses colours among the labels that it shows.
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

/** What an image is whose annotations are all decided. */
export function decidedState(annotations: Annotation[]): ImageCard["review"] {
  return annotations.every(({ status }) => status === "rejected") ? "confirmed_empty" : "reviewed";
}

/** Accepting an annotation that the person had changed leaves it the person's. */
function decided(annotation: Annotation, verdict: Verdict): Annotation {
  return verdict.kind === "accept"
    ? { ...annotation, status: annotation.status === "edited" ? "edited" : "accepted", reject_reason: null }
    : { ...annotation, status: "rejected", reject_reason: verdict.reason };
}

/** The image after a decision. */
export function withDecision(card: ImageCard, { scope, verdict }: Said): ImageCard {
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
