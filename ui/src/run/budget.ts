/** The budget of a run: what is left of it, and how much higher it should be. */
import type { CostRange, Dollars, RunProgress, RunState } from "../ipc/bindings";

const CENTS_A_DOLLAR = 100;
/** Room beyond the last mark of the cost bar. */
const ROOM = 1.05;
/** The highest cost may be far beyond what a run costs: the bar ends at so many times what is expected, at most. */
const MOST_SHOWN = 2;
/** A budget beyond the bar by more than this factor would leave what is spent too short to read. */
const MOST_BEYOND = 1.5;

export type Spending = Pick<
  RunProgress,
  "spent_dollars" | "possibly_billed" | "budget_dollars" | "quoted_dollars" | "done" | "failed" | "total"
>;

export function isAtBudget(state: RunState): boolean {
  return state.kind === "stopped" && state.reason === "budget_reached";
}

/** What one image is expected to cost: amounts beside a budget are shown as finely as this. */
export function expectedEach({ quoted_dollars: quoted, total }: Spending): Dollars {
  return quoted === null || total === 0 ? 0 : quoted.expected / total;
}

/** What one image can cost with all its retries. A single request reserves less. */
function highestEach({ quoted_dollars: quoted, total }: Spending): Dollars {
  return quoted === null || total === 0 ? 0 : quoted.high / total;
}

/**
 * A budget that should do for the rest: the present one, what the rest will cost at the price so far, and room for the
 * worst case of one image, in whole cents.
 */
export function higherBudget(run: Spending): Dollars {
  const finished = run.done + run.failed;
  const each = finished > 0 && run.spent_dollars > 0 ? run.spent_dollars / finished : expectedEach(run);
  const enough = (run.budget_dollars ?? 0) + each * (run.total - finished) + highestEach(run);
  return Math.ceil(enough * CENTS_A_DOLLAR) / CENTS_A_DOLLAR;
}

/** What the right end of the cost bar stands for, and where its marks are, from 0 to 1 and in this order. */
export interface CostBarScale {
  end: Dollars;
  marks: { kind: "quote" | "high" | "cap"; cost: Dollars; place: number }[];
  isCapBeyond: boolean;
}

/** A budget takes the place of the highest cost: it cannot be passed. */
export function costBarScale(run: Spending, quoted: CostRange, heading: Dollars | null): CostBarScale {
  const committed = run.spent_dollars + run.possibly_billed.at_most_dollars;
  const { budget_dollars: budget } = run;
  const foreseen = Math.max(quoted.expected, heading ?? 0, committed);
  const reach = Math.max(Math.min(quoted.high, foreseen * MOST_SHOWN), foreseen);
  const isCapBeyond = budget !== null && budget > reach * MOST_BEYOND;
  const isCapped = budget !== null && !isCapBeyond;
  const end = isCapped ? Math.max(budget, quoted.expected, committed) * ROOM : reach;
  const mark = (kind: "quote" | "high" | "cap", cost: Dollars) => ({ kind, cost, place: Math.min(1, cost / end) });
  const marks = [mark("quote", quoted.expected), isCapped ? mark("cap", budget) : mark("high", quoted.high)];
  return { end, marks: marks.sort((one, other) => one.place - other.place), isCapBeyond };
}
