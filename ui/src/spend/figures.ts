/** Figures and names of spending. */
import type { AcceptedCost, RunEstimate, SpendReport, SpendRow } from "../api/bindings";
import { modelName, recipeName, words } from "../messages";
import { money } from "../messages/format";
import { visible } from "../messages/visible";
import type { Split } from "./spend.svelte";

/** A model, a recipe or a collection. */
export interface Group {
  key: string;
  name: string;
  /** In dollars. */
  paid: number;
}

export function nameOf(key: string, split: Split, report: SpendReport): string {
  switch (split) {
    case "model":
      return visible(modelName(report.model_names[key] ?? key));
    case "recipe":
      return key === "" ? words.spend.calibration : visible(recipeName(key));
    case "collection":
      return key === "" ? words.spend.noCollection : visible(key);
  }
}

export function rowsOf(report: SpendReport, split: Split): SpendRow[] {
  const rows = { model: report.by_model, recipe: report.by_recipe, collection: report.by_collection };
  return [...rows[split]].sort((one, other) => other.paid_dollars - one.paid_dollars);
}

/** The groups that were paid for, the most expensive first. */
export function groupsOf(report: SpendReport, split: Split): Group[] {
  return rowsOf(report, split)
    .filter((row) => row.paid_dollars > 0)
    .map((row) => ({ key: row[split] ?? "", name: nameOf(row[split] ?? "", split, report), paid: row.paid_dollars }));
}

/** Every month from the first to the last of them, such as `2026-11`. */
export function monthsBetween(first: string, last: string): string[] {
  const [year = 0, month = 1] = first.split("-").map(Number);
  const months: string[] = [];
  for (let place = 0; (months.at(-1) ?? first) < last || place === 0; place += 1) {
    const day = new Date(Date.UTC(year, month - 1 + place, 1));
    months.push(day.toISOString().slice(0, 7));
  }
  return months;
}

/** What the runs cost as a share of what was expected; null without any. */
export function partOfQuotes(estimates: readonly RunEstimate[]): number | null {
  const quoted = estimates.reduce((sum, { quoted_dollars: { expected } }) => sum + expected, 0);
  return quoted === 0 ? null : estimates.reduce((sum, { paid_dollars: paid }) => sum + paid, 0) / quoted;
}

export interface EstimateVerdict {
  /** Runs that had a likely range. */
  ranged: number;
  inRange: number;
  over: number;
  under: number;
  /** Runs that cost more than their bound. */
  aboveBound: number;
  /** The median deviation from the quote, as a share of it; null without runs. */
  half: number | null;
}

export function verdictOf(estimates: readonly RunEstimate[]): EstimateVerdict {
  const ranged = estimates.filter(({ is_likely: isLikely }) => isLikely !== null);
  const outside = ranged.filter(({ is_likely: isLikely }) => !isLikely);
  const over = outside.filter(({ paid_dollars: paid, quoted_dollars: { likely_high: high } }) => paid > high).length;
  const deviations = estimates
    .map(({ paid_dollars: paid, quoted_dollars: { expected } }) => Math.abs(paid / expected - 1))
    .sort((one, other) => one - other);
  return {
    ranged: ranged.length,
    inRange: ranged.length - outside.length,
    over,
    under: outside.length - over,
    aboveBound: estimates.filter(({ paid_dollars: paid, quoted_dollars: quoted }) => paid > quoted.at_most).length,
    half: deviations[Math.floor((deviations.length - 1) / 2)] ?? null,
  };
}

/** What was paid, as far as it is known. */
export function paidText({
  paid_dollars: paid,
  unpriced_requests: unpriced,
}: Pick<SpendRow, "paid_dollars" | "unpriced_requests">): string {
  if (unpriced === 0) return money(paid);
  return paid === 0 ? words.spend.priceUnknown : words.spend.paidAndUnknown(paid);
}

/** Part of what was paid; null if nothing was, or not all of it is known. */
export function shareOf(dollars: number, total: SpendRow): number | null {
  return total.unpriced_requests > 0 || total.paid_dollars === 0 ? null : dollars / total.paid_dollars;
}

/** Dollars for a thousand accepted annotations; null without any, or if a price is not known. */
export function perThousand({
  paid_dollars: paid,
  unpriced_requests: unpriced,
  accepted,
}: Pick<AcceptedCost, "paid_dollars" | "unpriced_requests" | "accepted">): number | null {
  return accepted === 0 || unpriced > 0 ? null : (paid / accepted) * 1000;
}

/** A thousand accepted annotations of the models that were paid for: what they cost, or why that is not known. */
export function acceptedTile({ accepted: models }: SpendReport): { dollars: number | null; note: string } {
  const said = words.spend;
  const sum = (of: (cost: AcceptedCost) => number) => paid.reduce((all, cost) => all + of(cost), 0);
  const paid = models.filter((cost) => cost.paid_dollars > 0 || cost.unpriced_requests > 0);
  const accepted = sum((cost) => cost.accepted);
  const unpriced = sum((cost) => cost.unpriced_requests);
  const dollars = perThousand({
    paid_dollars: sum((cost) => cost.paid_dollars),
    unpriced_requests: unpriced,
    accepted,
  });
  if (dollars !== null) return { dollars, note: said.accepted(accepted) };
  if (models.length === 0) return { dollars, note: said.noneReviewed };
  if (paid.length === 0) return { dollars, note: said.reviewedFree };
  return { dollars, note: accepted === 0 ? said.noneAccepted : said.unpricedReviewed(unpriced) };
}

/** Why no month has a bar. */
export function noBars({ requests, unpriced_requests: unpriced }: SpendRow): string {
  const said = words.spend.noMonths;
  if (requests === 0) return said.nothingSent;
  return unpriced > 0 ? said.priceUnknown : said.nothingPaid;
}
