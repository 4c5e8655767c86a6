/** Quotes against what was paid. */
import type { CostRange, PicoDollars, PossiblyBilled, RunSummary, Usage } from "../ipc/bindings";
import type { CostScale } from "../kit/costScale";

/** A scale for the whisker of one run alone: runs differ by factors that would leave no range to be seen. */
export function whiskerScale({ low, high }: CostRange, paid: PicoDollars): CostScale {
  return { from: paid === 0 ? low : Math.min(low, paid), to: Math.max(high, paid) };
}

/** Whether the server has reported a cost; zero is none where requests may have been billed. */
export function isCostReported(paid: PicoDollars, { count }: PossiblyBilled): boolean {
  return paid > 0 || count === 0;
}

/** What was paid as a part of what was expected; null before the run is through, and where nothing was expected or reported. */
export function partOfQuote({ quoted, paid, possibly_billed, done, failed, total }: RunSummary): number | null {
  const isKnown = isCostReported(paid, possibly_billed) && done + failed >= total;
  return quoted === null || quoted.expected === 0 || !isKnown ? null : paid / quoted.expected;
}

/** Tokens as a person asks after them: all that went in, cached or not, and all that came out. */
export function tokensOf(usage: Usage): { in: number; cached: number; out: number; thinking: number | null } {
  const { input_tokens, output_tokens, cache_read_tokens: cached, thinking_tokens: thinking } = usage;
  const written = usage.cache_write_5m_tokens + usage.cache_write_1h_tokens;
  return { in: input_tokens + written + cached, cached, out: output_tokens, thinking };
}
