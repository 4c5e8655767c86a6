/** The budget of a run: what is left of it, and how much higher it should be. */
import type { CostRange, PicoDollars, RunProgress, RunState } from "../ipc/bindings";

const CENT: PicoDollars = 1e10;
/** Room beyond the last mark of the cost bar. */
const ROOM = 1.05;
/** A budget beyond the highest cost by more than this factor would leave the bar of it too short to read. */
const MOST_BEYOND = 1.5;

export type Spending = Pick<
  RunProgress,
  "spent" | "possibly_billed" | "budget" | "quoted" | "done" | "failed" | "total"
>;

export function isAtBudget(state: RunState): boolean {
  return state.kind === "stopped" && state.reason === "budget_reached";
}

/** The most that one image can cost, on average; the very next one may differ. */
export function oneAtMost({ quoted, total }: Spending): PicoDollars {
  return quoted === null || total === 0 ? 0 : quoted.high / total;
}

/** Whether an image like most explains that there is no room for the next one; if not, that one costs more. */
export function explainsStop(run: Spending): boolean {
  return oneAtMost(run) > (run.budget ?? 0) - run.spent - run.possibly_billed.at_most;
}

/**
 * A budget that should do for the rest: the present one, what the rest will cost at the price so far, and room for the
 * worst case of one image, in whole cents.
 */
export function higherBudget(run: Spending): PicoDollars {
  const finished = run.done + run.failed;
  const each = finished > 0 && run.spent > 0 ? run.spent / finished : (run.quoted?.expected ?? 0) / run.total;
  const enough = (run.budget ?? 0) + each * (run.total - finished) + oneAtMost(run);
  return Math.ceil(enough / CENT) * CENT;
}

/** What the right end of the cost bar stands for, and where its marks are, from 0 to 1 and in this order. */
export interface CostBarScale {
  end: PicoDollars;
  marks: { kind: "quote" | "high" | "cap"; cost: PicoDollars; place: number }[];
  isCapBeyond: boolean;
}

/** A budget takes the place of the highest cost: it cannot be passed. */
export function costBarScale(run: Spending, quoted: CostRange, heading: PicoDollars | null): CostBarScale {
  const committed = run.spent + run.possibly_billed.at_most;
  const { budget } = run;
  const isCapBeyond = budget !== null && budget > quoted.high * MOST_BEYOND;
  const isCapped = budget !== null && !isCapBeyond;
  const end = isCapped
    ? Math.max(budget, quoted.expected, committed) * ROOM
    : Math.max(quoted.high, heading ?? 0, committed);
  const mark = (kind: "quote" | "high" | "cap", cost: PicoDollars) => ({ kind, cost, place: cost / end });
  const marks = [mark("quote", quoted.expected), isCapped ? mark("cap", budget) : mark("high", quoted.high)];
  return { end, marks: marks.sort((one, other) => one.place - other.place), isCapBeyond };
}
