/** What a run needs the person for. */
import type { Dollars, EndpointState, RunProgress } from "../ipc/bindings";
import { isAtBudget } from "./budget";
import { mayResume, ownStop } from "./run.svelte";

export interface Needs {
  /** It was interrupted, or stopped for a reason that the person has to look after; its budget aside. */
  isStopped: boolean;
  /** The budget at which it stopped; null when it did not stop for that. */
  budget: Dollars | null;
  /** Endpoints that are not used while others are. */
  failing: EndpointState[];
  /** Of all things that are listed. */
  count: number;
}

export function needsOf(progress: RunProgress): Needs {
  const { state, routes, failed_hooks, failures, cut_short, total, done, failed } = progress;
  const isOpen = mayResume(state, total - done - failed);
  const budget = isOpen && isAtBudget(state) ? progress.budget_dollars : null;
  const isStopped = isOpen && (ownStop(state) !== null || state.kind === "interrupted");
  // Where all fail the run waits or stops, and says why.
  const isAlone = isStopped || routes.length < 2;
  const failing = isAlone ? [] : routes.filter((route) => route.failure !== null);
  const listed = [isStopped, budget !== null, cut_short > 0].filter(Boolean).length;
  return { isStopped, budget, failing, count: listed + failing.length + failed_hooks.length + failures.length };
}
