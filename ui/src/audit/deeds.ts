/** What the actions of an audit do. */
import { REJECT_REASONS } from "../editor/verdict";
import type { Deeds } from "../state/actions/actions.svelte";
import type { Auditing } from "./auditing.svelte";

export function auditDeeds(auditing: Auditing, leave: () => void): Deeds {
  const isShown = () => auditing.shown !== null;
  return {
    "audit.right": { do: () => auditing.right(), can: isShown },
    "audit.wrong": { do: () => auditing.wrong(), can: isShown },
    "audit.reason": {
      do: (chord) => {
        const reason = REJECT_REASONS[Number(chord) - 1];
        if (reason !== undefined) auditing.giveReason(reason);
      },
      can: () => auditing.asksReason,
    },
    "audit.takeBack": { do: () => auditing.takeBack(), can: () => auditing.canTakeBack },
    "audit.whole": { do: () => (auditing.isWhole = !auditing.isWhole), can: isShown },
    "audit.leave": leave,
  };
}
