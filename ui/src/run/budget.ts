/** The budget of a run: what is left, and a proposal for a higher one. */
import type { CostRange, Dollars, RunProgress, RunState } from "../api/bindings";

const CENTS_A_DOLLAR = 100;
/** Space beyond the last label of the cost bar. */
const ROOM = 1.05;
/** If the upper bound is far above the projected cost, the bar ends at this multiple of the projection. */
const MAX_SHOWN = 2;
/** An upper bound beyond this factor counts as far. */
const MAX_BEYOND = 1.5;

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

/** Expected cost per image; sets the precision of amounts beside a budget. */
export function expectedEach({ quoted_dollars: quoted, total }: Spending): Dollars {
  return quoted === null || total === 0 ? 0 : quoted.expected / total;
}

/** A budget that should cover the rest of a run, and its parts. */
export interface ProposedBudget {
  budget: Dollars;
  /** Paid, plus what may have been billed. */
  committed: Dollars;
  left: number;
  /** Expected cost of the remaining images, at the price so far. */
  rest: Dollars;
  margin: Dollars;
}

/** Share of the expected rest. The reservation of the last request must also fit. */
const MARGIN_SHARE = 0.2;

export function higherBudget(run: Spending): ProposedBudget {
  const finished = run.done + run.failed;
  const each = finished > 0 && run.spent_dollars > 0 ? run.spent_dollars / finished : expectedEach(run);
  const committed = run.spent_dollars + run.possibly_billed.at_most_dollars;
  const left = run.total - finished;
  const rest = each * left;
  const wanted = committed + rest + MARGIN_SHARE * rest + Math.max(0, run.largest_request_dollars - each);
  const least = (run.budget_dollars ?? 0) + 1 / CENTS_A_DOLLAR;
  // Subtracts floating-point noise before rounding up to whole cents.
  const cents = Math.ceil(Math.max(wanted, least) * CENTS_A_DOLLAR - 1e-6);
  const budget = cents / CENTS_A_DOLLAR;
  return { budget, committed, left, rest, margin: budget - committed - rest };
}

/** The value at the right end of the cost bar, and its ticks, from 0 to 1 in this order. */
export interface CostBarScale {
  end: Dollars;
  markers: { kind: "quote" | "high" | "cap"; cost: Dollars; place: number }[];
  /** The upper bound if it is beyond the bar, which would otherwise make the cost too short to read. */
  beyond: { kind: "high" | "cap"; cost: Dollars } | null;
}

/** A budget replaces the highest cost, because it cannot be exceeded. */
export function costBarScale(run: Spending, quoted: CostRange, heading: Dollars | null): CostBarScale {
  const committed = run.spent_dollars + run.possibly_billed.at_most_dollars;
  const { budget_dollars: budget } = run;
  const foreseen = Math.max(quoted.expected, heading ?? 0, committed);
  const bound =
    budget === null ? ({ kind: "high", cost: quoted.at_most } as const) : ({ kind: "cap", cost: budget } as const);
  const isBeyond = bound.cost > foreseen * MAX_SHOWN * MAX_BEYOND;
  const end = isBeyond ? foreseen * MAX_SHOWN : Math.max(bound.cost, foreseen) * ROOM;
  const shown = [{ kind: "quote", cost: quoted.expected } as const, ...(isBeyond ? [] : [bound])];
  const markers = shown.map((marker) => ({ ...marker, place: marker.cost / end }));
  return {
    end,
    markers: markers.sort((one, other) => one.place - other.place),
    beyond: isBeyond ? bound : null,
  };
}

/** Space between two labels of the cost bar, in pixels. */
const LABEL_GAP = 8;

/**
 * The left edges of the labels below the bar: each centered at its tick, as far as its neighbors, what stands before them (`start`) and the end of
 * the bar allow. All in pixels; the labels are in the order of their ticks.
 */
export function labelLefts(labels: readonly { center: number; width: number }[], start: number, end: number): number[] {
  const lefts: number[] = [];
  let least = start + LABEL_GAP;
  for (const { center, width } of labels) {
    lefts.push(Math.max(least, center - width / 2));
    least = (lefts.at(-1) ?? 0) + width + LABEL_GAP;
  }
  let most = end;
  for (let index = labels.length - 1; index >= 0; index -= 1) {
    const left = Math.min(lefts[index] ?? 0, most - (labels[index]?.width ?? 0));
    lefts[index] = left;
    most = left - LABEL_GAP;
  }
  return lefts;
}
