/** What the actions of review do. Moving the mouse is never needed. */
import type { Deed, Deeds } from "../state/actions/actions.svelte";
import type { Review } from "./review.svelte";
import { REJECT_REASONS } from "./verdict";
import { type Viewport, ZOOM_STEP } from "./viewport.svelte";

export function reviewDeeds(review: Review, viewport: Viewport): Deeds {
  const hasImages = () => review.queue.length > 0;
  const always = (action: () => void): Deed => ({ do: action, can: hasImages });
  // With a mark selected the arrows are not for leaving it.
  const unselected = (action: () => void): Deed => ({
    do: action,
    can: () => hasImages() && review.selected === null,
  });
  return {
    "review.accept": always(() => review.accept()),
    "review.reject": always(() => review.reject()),
    "review.reason": {
      do: (chord) => {
        const reason = REJECT_REASONS[Number(chord) - 1];
        if (reason !== undefined) review.giveReason(reason);
      },
      can: () => review.rejected !== null,
    },
    "review.skip": always(() => review.skip()),
    "review.undo": always(() => review.undo()),
    "review.nextMark": always(() => review.selectNext(1)),
    "review.previousMark": always(() => review.selectNext(-1)),
    "review.deselect": { do: () => review.select(null), can: () => review.selected !== null },
    "review.nextImage": unselected(() => review.next()),
    "review.previousImage": unselected(() => review.previous()),
    "review.fit": always(() => viewport.fit()),
    "review.full": always(() => viewport.zoomToPercent(100)),
    "review.zoomIn": always(() => viewport.zoomBy(ZOOM_STEP)),
    "review.zoomOut": always(() => viewport.zoomBy(1 / ZOOM_STEP)),
    "review.hide": always(() => (review.areMarksHidden = !review.areMarksHidden)),
  };
}
