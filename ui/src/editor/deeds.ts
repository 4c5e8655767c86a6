/** What the actions of review do. Moving the mouse is never needed. */
import type { Deed, Deeds } from "../state/actions/actions.svelte";
import { boundsOfAll } from "../kit/shape";
import { words } from "../messages";
import type { Review } from "./review.svelte";
import type { Tools } from "./tools.svelte";
import { acceptingOf, mayReject, REJECT_REASONS } from "./verdict";
import type { View } from "./view.svelte";
import { type Viewport, ZOOM_STEP } from "../photo/viewport.svelte";

/** Pixels of the image by which an arrow moves an annotation with Shift. */
const FAR = 10;

export function reviewDeeds(review: Review, viewport: Viewport, tools: Tools, view: View): Deeds {
  const hasImages = () => review.queue.length > 0;
  const hasImage = () => review.card !== null && !review.isAtEnd;
  const always = (action: () => void): Deed => ({ do: action, can: hasImages });
  const onImage = (action: () => void): Deed => ({ do: action, can: hasImage });
  const selected = (action: Deed["do"]): Deed => ({ do: action, can: () => review.selectedAnnotations.length > 0 });
  const here = (action: (image: number) => void): Deed =>
    onImage(() => {
      if (review.imageId !== null) action(review.imageId);
    });
  const nudge = (by: number): Deed =>
    selected((chord) => {
      const [dx, dy] = direction(chord);
      tools.shaping.nudge(dx * by, dy * by);
    });
  return {
    "review.accept": { ...always(() => review.decisions.accept()), hint: () => acceptHint(review) },
    "review.reject": {
      ...always(() => review.decisions.reject()),
      hint: () => (hasImage() && mayReject(review) ? words.actions.hints["review.reject"] : null),
    },
    "review.reason": {
      do: (chord) => {
        const reason = REJECT_REASONS[Number(chord) - 1];
        if (reason !== undefined) review.decisions.giveReason(reason);
      },
      can: () => review.decisions.rejected?.reason === null,
    },
    "review.finish": { do: () => tools.finish(), can: () => hasImage() && tools.canFinish },
    "review.cornerBack": { do: () => tools.takeCornerBack(), can: () => tools.canTakeCornerBack },
    "review.select": onImage(() => tools.take("select")),
    "review.box": onImage(() => tools.take("box")),
    "review.polygon": onImage(() => tools.take("polygon")),
    "review.point": onImage(() => tools.take("point")),
    "review.tag": onImage(() => tools.tagImage()),
    "review.caption": onImage(() => tools.caption()),
    "review.label": {
      do: (chord) => {
        const label = review.vocabulary.at(Number(chord));
        if (label !== undefined) tools.call(label);
      },
      can: () => review.vocabulary.labels.length > 0,
    },
    "review.rename": { do: () => tools.rename(), can: () => tools.canRename },
    "review.nudge": nudge(1),
    "review.nudgeFar": nudge(FAR),
    "review.nextCorner": { do: () => tools.shaping.stepCorner(1), can: () => tools.shaping.hasCorners },
    "review.previousCorner": { do: () => tools.shaping.stepCorner(-1), can: () => tools.shaping.hasCorners },
    "review.insertCorner": { do: () => tools.shaping.insertCorner(), can: () => tools.shaping.canInsertCorner },
    "review.duplicate": selected(() => tools.shaping.duplicate()),
    "review.remove": selected(() => tools.shaping.remove()),
    "review.undoHere": here((image) => review.edits.undo(image)),
    "review.redoHere": here((image) => review.edits.redo(image)),
    "review.skip": always(() => review.skip()),
    "review.undo": always(() => review.undo()),
    "review.nextAnnotation": {
      ...always(() => review.selection.step(1)),
      hint: () =>
        review.visibleAnnotations.length > 0 && !review.isAtEnd ? words.actions.hints["review.nextAnnotation"] : null,
    },
    "review.previousAnnotation": always(() => review.selection.step(-1)),
    "review.selectAll": { do: () => tools.selectAll(), can: () => hasImage() && review.visibleAnnotations.length > 0 },
    "review.deselect": { do: () => tools.escape(), can: () => tools.canEscape },
    "review.nextImage": always(() => review.next()),
    "review.previousImage": always(() => review.previous()),
    "review.fit": always(() => viewport.fit()),
    "review.full": always(() => viewport.zoomToPercent(100)),
    "review.zoomIn": always(() => viewport.zoomBy(ZOOM_STEP)),
    "review.zoomOut": always(() => viewport.zoomBy(1 / ZOOM_STEP)),
    "review.zoomToAnnotation": selected(() => {
      const bounds = boundsOfAll(review.selectedAnnotations.map(({ shape }) => shape));
      if (bounds !== null) viewport.zoomTo(bounds);
    }),
    "review.hide": {
      ...always(() => (review.areAnnotationsHidden = !review.areAnnotationsHidden)),
      hint: () => (review.areAnnotationsHidden ? words.review.showHint : words.actions.hints["review.hide"]),
    },
    "review.brighter": always(() => view.brighten(1)),
    "review.darker": always(() => view.brighten(-1)),
  };
}

/** What A does now: its button says the same. */
function acceptHint(review: Review): string | null {
  if (review.card === null || review.isAtEnd) return null;
  return words.review.acceptHint(acceptingOf(review.card, review.selectedAnnotations));
}

/** Of the arrow in a chord: to the right, and down. */
function direction(chord: string | null): [number, number] {
  switch (chord?.replace("Shift+", "")) {
    case "ArrowLeft":
      return [-1, 0];
    case "ArrowRight":
      return [1, 0];
    case "ArrowUp":
      return [0, -1];
    case "ArrowDown":
      return [0, 1];
    default:
      return [0, 0];
  }
}
