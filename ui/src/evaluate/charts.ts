/** Charts of an evaluation: precision and recall, calibration, and overlaps. */
import type { EvaluationReport, EvaluationResult } from "../api/bindings";
import type { ChartColor, ChartSeries, ChartSpec } from "../charts/spec";
import { words } from "../messages";
import { count, percent, ratio } from "../messages/format";

/** In the order of results: color and dash tell them apart, and so do the letters. */
const LINES: readonly { color: ChartColor; isDashed: boolean }[] = [
  { color: "accent", isDashed: false },
  { color: "text-muted", isDashed: true },
  { color: "text-muted", isDashed: false },
  { color: "line-control", isDashed: true },
];

const HUNDREDTHS = 100;
/** 0 and 1 are whole. */
const tick = (value: number) => (value <= 0 || value >= 1 ? count(value) : ratio(value, 1));
const share = { from: 0, to: 1, format: tick, steps: [0.1, 0.2, 0.5] };

/** A letter for each result. */
export function letterOf(index: number): string {
  return String.fromCharCode("A".charCodeAt(0) + index);
}

function line(index: number): { color: ChartColor; isDashed: boolean } {
  return LINES[index % LINES.length] ?? { color: "accent", isDashed: false };
}

/** Precision from each hundredth of recall on; null where it is not reached. */
export function precisionByRecall({ curve }: EvaluationResult): (number | null)[] {
  return Array.from({ length: HUNDREDTHS + 1 }, (_, hundredth) => {
    const reached = curve.find(({ recall }) => recall * HUNDREDTHS >= hundredth - 1e-9);
    return reached?.precision ?? null;
  });
}

/** The lowest confidence of that recall. */
function scoreAt({ curve }: EvaluationResult, hundredth: number): number | null {
  return curve.find(({ recall }) => recall * HUNDREDTHS >= hundredth - 1e-9)?.score ?? null;
}

export function recallChart({ results }: EvaluationReport): ChartSpec {
  return {
    x: Array.from({ length: HUNDREDTHS + 1 }, (_, hundredth) => hundredth / HUNDREDTHS),
    series: results.map((result, index): ChartSeries => ({
      name: letterOf(index),
      values: precisionByRecall(result),
      format: (value, place) => words.evaluate.precisionFrom(value, scoreAt(result, place)),
      kind: "line",
      ...line(index),
    })),
    xAxis: share,
    yAxis: share,
    formatPoint: (recall) => words.evaluate.atRecall(recall),
  };
}

export function calibrationChart({ results }: EvaluationReport): ChartSpec {
  const middles = Array.from({ length: 10 }, (_, bin) => (bin + 0.5) / 10);
  const perfect: ChartSeries = {
    name: words.evaluate.perfect,
    values: middles,
    format: percent,
    kind: "line",
    color: "line-strong",
    isDashed: true,
    isUnread: true,
  };
  const measured = results.map((result, index): ChartSeries => {
    const bins = result.calibration?.bins ?? [];
    return {
      name: letterOf(index),
      values: middles.map((_, bin) => {
        const of = bins[bin];
        return of && of.count > 0 ? of.right / of.count : null;
      }),
      format: (value, bin) => words.evaluate.rightOf(value, bins[bin]?.count ?? 0),
      kind: "line",
      ...line(index),
    };
  });
  return {
    x: middles,
    series: [...measured, perfect],
    xAxis: share,
    yAxis: share,
    formatPoint: (middle) => words.evaluate.confidenceRange(middle - 0.05, middle + 0.05),
  };
}

/** Steps of .05 below this are empty: a detection is right from the overlap on. */
export function overlapChart(result: EvaluationResult, overlap: number): ChartSpec {
  const first = Math.min(19, Math.floor(overlap * 20 + 1e-9));
  const bins = result.iou_histogram.slice(first);
  return {
    x: bins.map((_, bin) => (first + bin + 0.5) / 20),
    series: [
      {
        name: words.evaluate.rightBoxes,
        values: bins,
        format: (value) => count(value),
        kind: "bars",
        color: "text-faint",
      },
    ],
    xAxis: { ...share, from: first / 20 },
    yAxis: { from: 0, to: Math.max(1, ...bins), format: (value) => count(value) },
    formatPoint: (middle) => words.evaluate.overlapRange(middle - 0.025, middle + 0.025),
  };
}
