/** Messages of compare. */
import { errorMessage, words } from "../messages";
import type { NoticeTone } from "../state/notices.svelte";
import type { Notice } from "./differences.svelte";

export function noticeText(notice: Notice): { text: string; tone: NoticeTone } {
  switch (notice.kind) {
    case "refused": {
      const why = errorMessage(notice.refusal);
      return { text: notice.image === null ? why : words.compare.failedOn(notice.image, why), tone: "bad" };
    }
    case "nothing_to_undo":
      return { text: words.compare.nothingToUndo, tone: "plain" };
    case "undone_elsewhere":
      return { text: words.compare.undoneElsewhere(notice.image), tone: "plain" };
  }
}
