/** Messages of review. */
import { errorMessage, words } from "../messages";
import type { NoticeTone } from "../state/notices.svelte";
import type { Notice } from "./review.svelte";

export function noticeText(notice: Notice): { text: string; tone: NoticeTone } {
  switch (notice.kind) {
    case "refused": {
      const why = errorMessage(notice.refusal);
      return { text: notice.image === null ? why : words.review.failedOn(notice.image, why), tone: "bad" };
    }
    case "nothing_to_reject":
      return { text: words.review.nothingToReject, tone: "plain" };
    case "nothing_to_undo":
      return { text: words.review.nothingToUndo, tone: "plain" };
    case "nothing_to_redo":
      return { text: words.review.nothingToRedo, tone: "plain" };
    case "nothing_to_undo_here":
      return { text: words.review.nothingToUndoHere, tone: "plain" };
    case "nothing_to_redo_here":
      return { text: words.review.nothingToRedoHere, tone: "plain" };
    case "undone_on_many":
      return { text: words.checks.undone(notice.images), tone: "plain" };
    case "redone_on_many":
      return { text: words.checks.redone(notice.images), tone: "plain" };
    case "undone_elsewhere":
      return { text: words.review.undoneElsewhere(notice.image), tone: "plain" };
    case "redone_elsewhere":
      return { text: words.review.redoneElsewhere(notice.image), tone: "plain" };
  }
}
