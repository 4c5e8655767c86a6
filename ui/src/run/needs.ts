/** What in a run needs the user. */
import type { Dollars, EndpointState, RunProgress } from "../api/bindings";
import { isAtBudget } from "./budget";
import { isPilotDone, mayResume, ownStop } from "./run.svelte";

export interface Needs {
  /** Interrupted, or stopped for a reason other than its budget that needs the user. */
  isStopped: boolean;
  /** It stopped after its pilot, and other images are left. */
  isPilotDone: boolean;
  /** The budget at which it stopped; otherwise null. */
  budget: Dollars | null;
  /** Endpoints that are unused while others work. */
  failing: EndpointState[];
  /** Total number of issues. */
  count: number;
}

export function needsOf(progress: RunProgress): Needs {
  const { state, endpoints, failed_hooks, failures, cut_short, total, done, failed } = progress;
  const isOpen = mayResume(state, total - done - failed);
  const budget = isOpen && isAtBudget(state) ? progress.budget_dollars : null;
  const isPilot = isOpen && isPilotDone(state);
  const isStopped = isOpen && (ownStop(state) !== null || state.kind === "interrupted");
  // If all endpoints fail, the run itself waits or stops with a reason.
  const isAlone = isStopped || endpoints.length < 2;
  const failing = isAlone ? [] : endpoints.filter((endpoint) => endpoint.failure !== null);
  const listed = [isStopped, isPilot, budget !== null, cut_short > 0].filter(Boolean).length;
  return {
    isStopped,
    isPilotDone: isPilot,
    budget,
    failing,
    count: listed + failing.length + failed_hooks.length + failures.length,
  };
}
