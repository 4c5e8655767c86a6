/** Thresholds are whole hundredths, as the core counts confidences. */
import type { LabelConfidences } from "../api/bindings";

/** The last hundredth includes 1. */
export const MAX_HUNDREDTHS = 99;

/** Proposals at or above the threshold. */
export function countAbove({ hundredths }: LabelConfidences, threshold: number): number {
  return hundredths.slice(threshold).reduce((sum, count) => sum + count, 0);
}

/** All proposals, including those without a confidence. */
export function countAll(confidences: LabelConfidences): number {
  return countAbove(confidences, 0) + confidences.unstated;
}

/** "0.8", ".80", "0,8" and "80 %" as 80; null if invalid. */
export function typedThreshold(typed: string): number | null {
  const [, number, percent] = /^(\d*[.,]?\d+)\s*(%?)$/u.exec(typed.trim()) ?? [];
  if (number === undefined) return null;
  const value = Number(number.replace(",", "."));
  const hundredths = Math.round(percent === "%" ? value : value * 100);
  return hundredths <= MAX_HUNDREDTHS ? hundredths : null;
}

export interface Bar {
  /** Heights relative to the highest bar, 0 to 1: at or above the threshold, and below. */
  above: number;
  below: number;
}

/** `number` bars of equally many hundredths. */
export function barsOf(hundredths: readonly number[], threshold: number, number: number): Bar[] {
  const each = hundredths.length / number;
  const counts = Array.from({ length: number }, (_, place) => {
    const slice = hundredths.slice(place * each, (place + 1) * each);
    const of = (isAbove: boolean) =>
      slice.reduce((sum, count, at) => (place * each + at >= threshold === isAbove ? sum + count : sum), 0);
    return { above: of(true), below: of(false) };
  });
  const most = Math.max(1, ...counts.map(({ above, below }) => above + below));
  return counts.map(({ above, below }) => ({ above: above / most, below: below / most }));
}

/** In percent. */
const ERROR_LIMITS = { least: 0.1, most: 50 };

/** "5", "5 %", "0,5" as a share; null if invalid. */
export function typedErrorLimit(typed: string): number | null {
  const [, number] = /^(\d*[.,]?\d+)\s*%?$/u.exec(typed.trim()) ?? [];
  if (number === undefined) return null;
  const percent = Number(number.replace(",", "."));
  return percent >= ERROR_LIMITS.least && percent <= ERROR_LIMITS.most ? percent / 100 : null;
}
