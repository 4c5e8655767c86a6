/** The message for an empty comparison: what is missing, or that both agree. */
import type { Comparison, RunSummary } from "../ipc/bindings";
import { words } from "../messages";
import type { Sides } from "./choices";
import { answered } from "./sides";

export interface Said {
  title: string;
  note: string;
}

export function whyNothing(
  sides: Sides | null,
  comparison: Comparison | null,
  runs: readonly RunSummary[],
  hasFailed: boolean,
): Said {
  const said = words.compare;
  if (hasFailed) return { title: said.failedTitle, note: words.frame.libraryUnreadableNote };
  if (sides === null || comparison === null) return { title: said.noRunsTitle, note: said.noRunsNote };
  const { images, things } = comparison;
  if (images > 0) return { title: said.sameTitle(images), note: said.sameNote(things.agreed) };
  const [only, another] = answered(runs);
  if (only && !another) return { title: said.oneRunTitle, note: said.oneRunNote(only.id) };
  return isWithPeople(sides)
    ? { title: said.undecidedTitle, note: said.undecidedNote }
    : { title: said.disjointTitle, note: said.disjointNote };
}

export function isWithPeople({ first, second }: Sides): boolean {
  return first.kind === "decided" || second.kind === "decided";
}
