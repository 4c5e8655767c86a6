/** The budget of a run: what is left of it, and how much higher it should be. */
import type { CostRange, Dollars, RunProgress, RunState } from "../ipc/bindings";

const CENTS_A_DOLLAR = 100;
/** Room beyond the last annotation of the cost bar. */
const ROOM = 1.05;
/** Where the bound is far beyond what a run costs, the bar ends at so many times what is foreseen. */
const MOST_SHOWN = 2;
/** A bound beyond that by more than this factor is far. */
const MOST_BEYOND = 1.5;

export type Spending = Pick<
  RunProgress,
  | "spent_dollars"
  | "possibly_billed"
  | "budget_dollars"
  | "largest_request_dollars"
  | "quoted_dollars"
  | "done"
  | "failed"
  | "total"
>;

export function isAtBudget(state: RunState): boolean {
  return state.kind === "stopped" && state.reason === "budget_reached";
}

/** What one image is expected to cost: amounts beside a budget are shown as finely as this. */
export function expectedEach({ quoted_dollars: quoted, total }: Spending): Dollars {
  return quoted === null || total === 0 ? 0 : quoted.expected / total;
}

/** A budget that should do for the rest of a run, and what it is made of. */
export interface ProposedBudget {
  budget: Dollars;
  /** Paid, and what may have been billed besides. */
  committed: Dollars;
  left: number;
  /** What those that are left are expected to cost, at the price so far. */
  rest: Dollars;
  margin: Dollars;
}

/** Of what the rest is expected to cost. There must also be room for what the last request reserves. */
const MARGIN_SHARE = 0.2;

export function higherBudget(run: Spending): ProposedBudget {
  const finished = run.done + run.failed;
  const each = finished > 0 && run.spent_dollars > 0 ? run.spent_dollars / finished : expectedEach(run);
  const committed = run.spent_dollars + run.possibly_billed.at_most_dollars;
  const left = run.total - finished;
  const rest = each * left;
  const wanted = committed + rest + MARGIN_SHARE * rest + Math.max(0, run.largest_request_dollars - each);
  const least = (run.budget_dollars ?? 0) + 1 / CENTS_A_DOLLAR;
  // What is a whole number of cents stays one: a double is a little beside it.
  const cents = Math.ceil(Math.max(wanted, least) * CENTS_A_DOLLAR - 1e-6);
  const budget = cents / CENTS_A_DOLLAR;
  return { budget, committed, left, rest, margin: budget - committed - rest };
}

/** What the right end of the cost bar stands for, and where its annotations are, from 0 to 1 and in this order. */
export interface CostBarScale {
  end: Dollars;
  annotations: { kind: "quote" | "high" | "cap"; cost: Dollars; place: number }[];
  /** The upper bound of the cost, where the bar ends before it: it would leave what is spent too short to read. */
  beyond: { kind: "high" | "cap"; cost: Dollars } | null;
}

/** A budget takes the place of the highest cost: it cannot be passed. */
export function costBarScale(run: Spending, quoted: CostRange, heading: Dollars | null): CostBarScale {
  const committed = run.spent_dollars + run.possibly_billed.at_most_dollars;
  const { budget_dollars: budget } = run;
  const foreseen = Math.max(quoted.expected, heading ?? 0, committed);
  const bound =
    budget === null ? ({ kind: "high", cost: quoted.high } as const) : ({ kind: "cap", cost: budget } as const);
  const isBeyond = bound.cost > foreseen * MOST_SHOWN * MOST_BEYOND;
  const end = isBeyond ? foreseen * MOST_SHOWN : Math.max(bound.cost, foreseen) * ROOM;
  const shown = [{ kind: "quote", cost: quoted.expected } as const, ...(isBeyond ? [] : [bound])];
  const annotations = shown.map((annotation) => ({ ...annotation, place: annotation.cost / end }));
  return {
    end,
    annotations: annotations.sort((one, other) => one.place - other.place),
    beyond: isBeyond ? bound : null,
  };
}
