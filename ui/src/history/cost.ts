/** Estimated and actual costs. */
import type { CostRange, Dollars, PossiblyBilled, RunSummary, Usage } from "../api/bindings";
import type { CostScale } from "../components/costScale";

/** A scale for one run's whisker: runs differ by factors that would hide the range. */
export function whiskerScale({ likely_low: low, at_most: high }: CostRange, paid: Dollars | null): CostScale {
  return { from: paid === null || paid === 0 ? low : Math.min(low, paid), to: Math.max(high, paid ?? 0) };
}

/** Whether the server reported a cost; zero means unreported if requests may have been billed. */
export function isCostReported(paid: Dollars, { count }: PossiblyBilled): boolean {
  return paid > 0 || count === 0;
}

/** Whether the model's price was known: without one nothing was quoted, and a cost of zero means nothing. */
export function hasPrice(
  paid: Dollars,
  { quoted_dollars: quoted, destination }: Pick<RunSummary, "quoted_dollars" | "destination">,
): boolean {
  return paid > 0 || quoted !== null || destination.kind === "this_machine";
}

/** What a run has cost; null if the price is unknown or the server reported no cost. */
export function paidOf(run: RunSummary): Dollars | null {
  const { paid_dollars: paid } = run;
  return hasPrice(paid, run) && isCostReported(paid, run.possibly_billed) ? paid : null;
}

/** Actual cost as a share of the estimate; null until the run is complete, or if either is unknown. */
export function partOfQuote(run: RunSummary): number | null {
  const { quoted_dollars: quoted, done, failed, total } = run;
  const paid = paidOf(run);
  return quoted === null || quoted.expected === 0 || paid === null || done + failed < total
    ? null
    : paid / quoted.expected;
}

/** Token totals: all input, cached or not, and all output. */
export function tokensOf(usage: Usage): { in: number; cached: number; out: number; thinking: number | null } {
  const { input_tokens, output_tokens, cache_read_tokens: cached, thinking_tokens: thinking } = usage;
  const written = usage.cache_write_5m_tokens + usage.cache_write_1h_tokens;
  return { in: input_tokens + written + cached, cached, out: output_tokens, thinking };
}

/** How often the cost of a complete run was in the likely range of its quote. */
export function estimateRecord(runs: readonly RunSummary[]): { runs: number; inRange: number } {
  const told = runs.filter((run) => run.is_cost_likely !== null);
  return { runs: told.length, inRange: told.filter((run) => run.is_cost_likely).length };
}
