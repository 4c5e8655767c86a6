/** What the actions of an audit do. */
import { REJECT_REASONS } from "../editor/verdict";
import { type Viewport, ZOOM_STEP } from "../photo/viewport.svelte";
import type { Deed, Deeds } from "../state/actions/actions.svelte";
import type { Auditing } from "./auditing.svelte";
import { frame } from "./framing";

export interface AuditOffice {
  leave: () => void;
  /** Undoes the acceptance of what was not looked at. */
  undoAcceptance: () => void;
}

export function auditDeeds(auditing: Auditing, viewport: Viewport, { leave, undoAcceptance }: AuditOffice): Deeds {
  const isShown = () => auditing.shown !== null;
  const looking = (action: () => void): Deed => ({ do: action, can: isShown });
  return {
    "audit.right": looking(() => auditing.right()),
    "audit.wrong": looking(() => auditing.wrong()),
    "audit.reason": {
      do: (chord) => {
        const reason = REJECT_REASONS[Number(chord) - 1];
        if (reason !== undefined) auditing.giveReason(reason);
      },
      can: () => auditing.asksReason,
    },
    "audit.takeBack": {
      do: () => (auditing.canTakeBack ? auditing.takeBack() : undoAcceptance()),
      can: () => auditing.canTakeBack || auditing.isAccepted,
    },
    "audit.whole": looking(() => (auditing.isWhole = !auditing.isWhole)),
    "audit.full": looking(() => viewport.zoomToPercent(100)),
    "audit.zoomIn": looking(() => viewport.zoomBy(ZOOM_STEP)),
    "audit.zoomOut": looking(() => viewport.zoomBy(1 / ZOOM_STEP)),
    "audit.zoomToAnnotation": looking(() => {
      auditing.isWhole = false;
      if (auditing.shown) frame(viewport, auditing.shown, false);
    }),
    "audit.hide": looking(() => (auditing.isAnnotationHidden = !auditing.isAnnotationHidden)),
    "audit.leave": leave,
  };
}
