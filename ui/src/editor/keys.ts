/** The keys of review. Moving the mouse is never needed. */
import type { Review } from "./review.svelte";
import { REJECT_REASONS } from "./verdict";
import { type Viewport, ZOOM_STEP } from "./viewport.svelte";

/** Does what a key says; false when it says nothing here. */
export function pressKey(event: KeyboardEvent, review: Review, viewport: Viewport): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  // A key that is held down must not decide a hundred images.
  if (["a", "x", "s", "Backspace"].includes(key) && event.repeat) return true;
  const reason = REJECT_REASONS[Number(key) - 1];
  if (reason !== undefined && review.rejected !== null) {
    review.giveReason(reason);
    return true;
  }
  return decide(key, review) || move(key, event.shiftKey, review) || look(key, review, viewport);
}

function decide(key: string, review: Review): boolean {
  if (key === "a") review.accept();
  else if (key === "x") review.reject();
  else if (key === "s") review.skip();
  else if (key === "Backspace") review.undo();
  else return false;
  return true;
}

function move(key: string, isShifted: boolean, review: Review): boolean {
  if (key === "n") review.selectNext(isShifted ? -1 : 1);
  else if (key === "Escape") review.select(null);
  else if (key === "ArrowRight" && review.selected === null) review.next();
  else if (key === "ArrowLeft" && review.selected === null) review.previous();
  else return false;
  return true;
}

function look(key: string, review: Review, viewport: Viewport): boolean {
  if (key === "f") viewport.fit();
  else if (key === "0") viewport.zoomToPercent(100);
  else if (key === "+" || key === "=") viewport.zoomBy(ZOOM_STEP);
  else if (key === "-" || key === "_") viewport.zoomBy(1 / ZOOM_STEP);
  else if (key === "h") review.areMarksHidden = !review.areMarksHidden;
  else return false;
  return true;
}
