/** Keyboard commands of review. */
import type { Command, Commands } from "../state/actions/actions.svelte";
import { boundsOfAll } from "../components/shape";
import { openMenu } from "../components/openMenu";
import { words } from "../messages";
import type { App } from "../state/app.svelte";
import { undoLatest } from "../state/undo";
import type { Review } from "./review.svelte";
import type { Tools } from "./tools.svelte";
import { acceptingOf, mayReject, REJECT_REASONS } from "./verdict";
import type { View } from "./view.svelte";
import { type Viewport, ZOOM_STEP } from "../photo/viewport.svelte";

/** Distance of Shift + arrow, in image pixels. */
const FAR = 10;

export function reviewCommands(app: App, review: Review, viewport: Viewport, tools: Tools, view: View): Commands {
  const hasImages = () => review.queue.length > 0;
  const hasImage = () => review.card !== null && !review.isAtEnd;
  const always = (action: () => void): Command => ({ do: action, can: hasImages });
  const onImage = (action: () => void): Command => ({ do: action, can: hasImage });
  const selected = (action: Command["do"]): Command => ({
    do: action,
    can: () => review.selectedAnnotations.length > 0,
  });
  const here = (action: (image: number) => void): Command =>
    onImage(() => {
      if (review.imageId !== null) action(review.imageId);
    });
  const nudge = (by: number): Command =>
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
    "review.cornerBack": { do: () => tools.removeLastCorner(), can: () => tools.canRemoveLastCorner },
    "review.select": onImage(() => tools.choose("select")),
    "review.box": onImage(() => tools.choose("box")),
    "review.polygon": onImage(() => tools.choose("polygon")),
    "review.point": onImage(() => tools.choose("point")),
    "review.tag": onImage(() => tools.tagImage()),
    "review.caption": onImage(() => tools.caption()),
    "review.label": {
      do: (chord) => {
        const label = review.vocabulary.at(Number(chord));
        if (label !== undefined) tools.setLabel(label);
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
    "everywhere.undo": () => (app.removals.length > 0 ? void undoLatest(app) : review.undo()),
    "everywhere.redo": () => review.redo(),
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
      ...always(() => (review.filter.hidesAll = !review.filter.hidesAll)),
      hint: () => (review.filter.hidesAll ? words.review.showHint : words.actions.hints["review.hide"]),
    },
    "review.brighter": always(() => view.brighten(1)),
    "review.info": () => app.info.toggle(),
    "review.menu": onImage(() => openMenuOf(review, viewport)),
    "review.darker": always(() => view.brighten(-1)),
  };
}

/** At the selection if it is in view, otherwise in the middle of the photo. */
function openMenuOf(review: Review, viewport: Viewport): void {
  const photo = document.querySelector(".review canvas[role='img']");
  const bounds = boundsOfAll(review.selectedAnnotations.map(({ shape }) => shape));
  if (photo === null || bounds === null) {
    openMenu(photo);
    return;
  }
  const { left, top, width, height } = photo.getBoundingClientRect();
  const at = viewport.viewFromImage({ x: (bounds.x1 + bounds.x2) / 2, y: (bounds.y1 + bounds.y2) / 2 });
  const within = (value: number, most: number) => Math.min(most - 1, Math.max(0, value));
  openMenu(photo, { x: left + within(at.x, width), y: top + within(at.y, height) });
}

/** What A does now, as its button says. */
function acceptHint(review: Review): string | null {
  if (review.card === null || review.isAtEnd) return null;
  return words.review.acceptHint(acceptingOf(review.card, review.selectedAnnotations));
}

/** The direction of an arrow key: right and down are positive. */
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
