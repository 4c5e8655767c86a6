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
    // The core's own; the window chooses colours among the labels that it shows.
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

/** What an image is whose marks are all decided. */
export function decidedState(marks: Annotation[]): ImageCard["review"] {
  return marks.every(({ status }) => status === "rejected") ? "confirmed_empty" : "reviewed";
}

/** Accepting a mark that the person had changed leaves it the person's. */
function decided(mark: Annotation, verdict: Verdict): Annotation {
  return verdict.kind === "accept"
    ? { ...mark, status: mark.status === "edited" ? "edited" : "accepted", reject_reason: null }
    : { ...mark, status: "rejected", reject_reason: verdict.reason };
}

/** The image after a decision. */
export function withDecision(card: ImageCard, { scope, verdict }: Said): ImageCard {
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
