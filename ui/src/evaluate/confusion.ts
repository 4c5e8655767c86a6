/** The confusion matrix as a table: truth down, found across, missed objects last, and wrong boxes below. */
import type { EvaluationReport, EvaluationResult } from "../api/bindings";

/** Labels with a row and a column of their own. */
const MOST_LABELS = 12;

export interface ConfusionCellShown {
  /** Null for missed objects. */
  found: number | null;
  count: number;
  /** Of the largest count of its kind. */
  percent: number;
  tone: "right" | "off" | "zero" | "none";
}

export interface ConfusionShown {
  /** Numbers of the labels, the most frequent first. */
  labels: number[];
  /** Null for boxes on nothing. */
  rows: { truth: number | null; cells: ConfusionCellShown[] }[];
  /** Labels that are left out: those with the fewest objects and boxes. */
  more: number;
}

export function confusionOf({ labels }: EvaluationReport, { confusion }: EvaluationResult): ConfusionShown {
  const weights = labels.map((_, label) =>
    confusion.reduce((sum, { truth, found, count }) => sum + (truth === label || found === label ? count : 0), 0),
  );
  const used = labels.map((_, label) => label).filter((label) => (weights[label] ?? 0) > 0);
  const shown = used
    .sort((one, other) => (weights[other] ?? 0) - (weights[one] ?? 0) || one - other)
    .slice(0, MOST_LABELS)
    .sort((one, other) => one - other);
  const countOf = (truth: number | null, found: number | null) =>
    confusion.find((cell) => cell.truth === truth && cell.found === found)?.count ?? 0;
  const isRight = (truth: number | null, found: number | null) => truth !== null && truth === found;
  const largest = (right: boolean) =>
    confusion.reduce(
      (most, { truth, found, count }) => (isRight(truth, found) === right ? Math.max(most, count) : most),
      1,
    );
  const [mostRight, mostOff] = [largest(true), largest(false)];

  function cell(truth: number | null, found: number | null): ConfusionCellShown {
    const count = countOf(truth, found);
    const right = isRight(truth, found);
    const percent = (count / (right ? mostRight : mostOff)) * 100;
    // No object is nothing and missed.
    const tone = truth === null && found === null ? "none" : count === 0 ? "zero" : right ? "right" : "off";
    return { found, count, percent, tone };
  }

  const columns = [...shown, null];
  return {
    labels: shown,
    rows: [...shown, null].map((truth) => ({ truth, cells: columns.map((found) => cell(truth, found)) })),
    more: used.length - shown.length,
  };
}
