/** What a person's changes make of the marks of an image, as the window shows them until the stored answer is back. */
import type { Annotation, AnnotationId, ImageCard, MarkChange, MarkContent } from "../ipc/bindings";
import { decided, decidedState } from "./verdict";

/** The label of captions: their words say the rest. It goes into exports, and is the same in every language. */
export const CAPTION_LABEL = "caption";

export function contentOf({ label, shape, attributes }: Annotation): MarkContent {
  return { label, shape, attributes };
}

export function isOwn({ origin }: Annotation): boolean {
  return origin.kind === "person";
}

/** The image as it will be. What is added goes by the `ids` in the places of its changes until the core names it. */
export function withChanges(card: ImageCard, changes: readonly MarkChange[], ids: readonly AnnotationId[]): ImageCard {
  let marks = card.marks;
  changes.forEach((change, place) => {
    switch (change.kind) {
      case "add":
        marks = [...marks, added(ids[place] ?? 0, change.mark)];
        break;
      case "change":
        marks = marks.map((mark) => (mark.id === change.id ? changed(mark, change.mark) : mark));
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
        const found = added(ids[place] ?? 0, change.mark);
        marks = [...marks, { ...found, origin: { kind: "run", run: change.run }, confidence: change.confidence }];
      }
    }
  });
  return { ...card, marks, review: card.review === "unreviewed" ? card.review : decidedState(marks) };
}

function added(id: AnnotationId, content: MarkContent): Annotation {
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

function changed(mark: Annotation, content: MarkContent): Annotation {
  return {
    ...mark,
    ...content,
    status: isOwn(mark) ? "accepted" : "edited",
    reject_reason: null,
  };
}
