/** Optimistic result of a decision or edit, shown until the core's answer replaces it. The core has the rules. */
import type {
  Annotation,
  AnnotationChange,
  AnnotationContent,
  AnnotationId,
  ImageCard,
  Verdict,
} from "../ipc/bindings";
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
  let marks = card.marks;
  changes.forEach((change, place) => {
    switch (change.kind) {
      case "add":
        marks = [...marks, added(ids[place] ?? 0, change.content)];
        break;
      case "change":
        marks = marks.map((mark) => (mark.id === change.id ? changed(mark, change.content) : mark));
        break;
      case "remove":
        marks = marks.flatMap((mark): Annotation[] => {
          if (mark.id !== change.id) return [mark];
          return isOwn(mark) ? [] : [decided(mark, { kind: "reject", reason: null })];
        });
        break;
      case "decide":
        marks = marks.map((mark) => (mark.id === change.id ? decided(mark, change.verdict) : mark));
        break;
      case "adopt": {
        const found = added(ids[place] ?? 0, change.content);
        marks = [...marks, { ...found, origin: { kind: "run", run: change.run }, confidence: change.confidence }];
      }
    }
  });
  return { ...card, marks, review: card.review === "unreviewed" ? card.review : decidedState(marks) };
}

function added(id: AnnotationId, content: AnnotationContent): Annotation {
  return {
    ...content,
    id,
    origin: { kind: "person" },
    carried_from: null,
    // The core's color is unused; the window assigns label colors.
    color: 1,
    confidence: null,
    status: "accepted",
    reject_reason: null,
  };
}

function changed(mark: Annotation, content: AnnotationContent): Annotation {
  return {
    ...mark,
    ...content,
    status: isOwn(mark) ? "accepted" : "edited",
    reject_reason: null,
  };
}

/** The review state of an image whose annotations are all decided. */
export function decidedState(marks: Annotation[]): ImageCard["review"] {
  return marks.every(({ status }) => status === "rejected") ? "confirmed_empty" : "reviewed";
}

/** An edited annotation stays edited when it is accepted. */
function decided(mark: Annotation, verdict: Verdict): Annotation {
  return verdict.kind === "accept"
    ? { ...mark, status: mark.status === "edited" ? "edited" : "accepted", reject_reason: null }
    : { ...mark, status: "rejected", reject_reason: verdict.reason };
}

/** The image after a decision. */
export function withDecision(card: ImageCard, { scope, verdict }: PendingDecision): ImageCard {
  const isMeant = (mark: Annotation): boolean => {
    if (scope.kind === "image") return mark.status === "proposed";
    return scope.kind === "annotation" ? mark.id === scope.id : scope.ids.includes(mark.id);
  };
  const marks = card.marks.map((mark) => (isMeant(mark) ? decided(mark, verdict) : mark));
  return {
    ...card,
    marks,
    review: marks.some(({ status }) => status === "proposed") ? card.review : decidedState(marks),
  };
}
