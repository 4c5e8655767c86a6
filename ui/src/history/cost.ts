/** Quotes against what was paid. */
import type { CostRange, Dollars, RunSummary, Usage } from "../ipc/bindings";
import type { CostScale } from "../kit/costScale";

/** A scale for the whisker of one run alone: runs differ by factors that would leave no range to be seen. */
export function whiskerScale({ low, high }: CostRange, paid: Dollars): CostScale {
  return { from: paid === 0 ? low : Math.min(low, paid), to: Math.max(high, paid) };
}

/** What was paid as a part of what was expected; null before the run is through, and where nothing was expected. */
export function partOfQuote({
  quoted_dollars: quoted,
  paid_dollars: paid,
  done,
  failed,
  total,
}: RunSummary): number | null {
  return quoted === null || quoted.expected === 0 || done + failed < total ? null : paid / quoted.expected;
}

/** Tokens as a person asks after them: all that went in, cached or not, and all that came out. */
export function tokensOf(usage: Usage): { in: number; cached: number; out: number; thinking: number } {
  const { input_tokens, output_tokens, cache_read_tokens: cached, thinking_tokens: thinking } = usage;
  const written = usage.cache_write_5m_tokens + usage.cache_write_1h_tokens;
  return { in: input_tokens + written + cached, cached, out: output_tokens, thinking };
}
