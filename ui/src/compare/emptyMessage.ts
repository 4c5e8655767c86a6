/** The message for an empty comparison: what is missing, or that both agree. */
import type { Comparison, RunSummary, Sides } from "../api/bindings";
import { words } from "../messages";
import { answered } from "./sides";

export interface Message {
  title: string;
  note: string;
}

export function emptyMessage(
  sides: Sides | null,
  comparison: Comparison | null,
  runs: readonly RunSummary[],
  hasFailed: boolean,
): Message {
  const messages = words.compare;
  if (hasFailed) return { title: messages.failedTitle, note: words.frame.libraryUnreadableNote };
  if (sides === null || comparison === null) return { title: messages.noRunsTitle, note: messages.noRunsNote };
  const { images, things } = comparison;
  if (images > 0) return { title: messages.sameTitle(images), note: messages.sameNote(things.agreed) };
  const [only, another] = answered(runs);
  if (only && !another) return { title: messages.oneRunTitle, note: messages.oneRunNote(only.id) };
  return isWithPeople(sides)
    ? { title: messages.undecidedTitle, note: messages.undecidedNote }
    : { title: messages.disjointTitle, note: messages.disjointNote };
}

export function isWithPeople({ first, second }: Sides): boolean {
  return first.kind === "decided" || second.kind === "decided";
}
