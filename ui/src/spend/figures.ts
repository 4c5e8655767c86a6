/** Figures and names of spending. */
import type { AcceptedCost, RunEstimate, SpendReport, SpendRow } from "../api/bindings";
import { modelName, recipeName, words } from "../messages";
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

/** Dollars for a thousand accepted annotations; null without any. */
export function perThousand({
  paid_dollars: paid,
  accepted,
}: Pick<AcceptedCost, "paid_dollars" | "accepted">): number | null {
  return accepted === 0 ? null : (paid / accepted) * 1000;
}
