/** Keyboard commands of the audit. */
import { REJECT_REASONS } from "../editor/verdict";
import { type Viewport, ZOOM_STEP } from "../photo/viewport.svelte";
import type { Command, Commands } from "../state/actions/actions.svelte";
import type { Auditing } from "./auditing.svelte";
import { frame } from "./framing";

export interface AuditCallbacks {
  leave: () => void;
  /** Undoes the acceptance of unchecked proposals. */
  undoAcceptance: () => void;
}

export function auditCommands(
  auditing: Auditing,
  viewport: Viewport,
  { leave, undoAcceptance }: AuditCallbacks,
): Commands {
  const isShown = () => auditing.shown !== null;
  const looking = (action: () => void): Command => ({ do: action, can: isShown });
  const undo: Command = {
    do: () => (auditing.canTakeBack ? auditing.takeBack() : undoAcceptance()),
    can: () => auditing.canTakeBack || auditing.isAccepted,
  };
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
    "audit.takeBack": undo,
    "everywhere.undo": undo,
    // An answer is given again instead.
    "everywhere.redo": { do: () => undefined, can: () => false },
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
