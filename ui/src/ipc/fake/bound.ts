/**
 * What a sample says about all: how many were wrong, and how many of all may be. The bound is the one-sided one of
 * Clopper and Pearson: it holds whatever the true share is, at the price of being a little too high.
 */
import type { ErrorRate, SampledAnnotation, SampleOutlook } from "../bindings";

export const CONFIDENCE = 0.95;
/** Halvings of an interval until a double can tell its ends no further apart. */
const HALVINGS = 60;

/** With 95 % confidence no more than this share is wrong, when `wrong` of `judged` were. */
export function upperBound(wrong: number, judged: number): number {
  if (wrong >= judged) return 1;
  let [low, high] = [wrong / judged, 1];
  for (let step = 0; step < HALVINGS; step += 1) {
    const share = (low + high) / 2;
    if (atMost(wrong, judged, share) > 1 - CONFIDENCE) low = share;
    else high = share;
  }
  return (low + high) / 2;
}

/** How likely `wrong` or fewer of `judged` are wrong when this share of all is. */
function atMost(wrong: number, judged: number, share: number): number {
  // In logarithms: the first term alone is too small for a double when many are judged.
  let term = judged * Math.log1p(-share);
  let sum = Math.exp(term);
  for (let count = 1; count <= wrong; count += 1) {
    term += Math.log((judged - count + 1) / count) + Math.log(share) - Math.log1p(-share);
    sum += Math.exp(term);
  }
  return sum;
}

/** What has been found in a sample so far; null while nothing was looked at. */
export function findingOf(sample: readonly SampledAnnotation[]): ErrorRate | null {
  const judged = sample.filter(({ verdict }) => verdict !== null).length;
  const wrong = sample.filter(({ verdict }) => verdict === "wrong").length;
  return judged === 0 ? null : { judged, wrong, rate: wrong / judged, at_most: upperBound(wrong, judged) };
}

/** A larger sample than this is not proposed: beyond it nobody looks. */
const MOST_PROPOSED = 20_000;

/** How many must be looked at, and be right, before the bound is at the limit. */
export function cleanSample(limit: number): number {
  return Math.ceil(Math.log(1 - CONFIDENCE) / Math.log1p(-limit));
}

/**
 * How many more to look at until the bound is at the limit, if they are wrong as often as those before. Null when that is
 * too often for any sample.
 */
export function moreFor({ judged, wrong, rate }: ErrorRate, limit: number): number | null {
  if (rate >= limit) return null;
  for (let size = judged; size <= MOST_PROPOSED; size = Math.ceil(size * 1.02 + 1))
    if (upperBound(Math.round((wrong / judged) * size), size) <= limit) return size - judged;
  return null;
}

export function outlookOf(sample: number, errorLimit: number): SampleOutlook {
  return { clean_bound: sample === 0 ? null : upperBound(0, sample), clean_sample: cleanSample(errorLimit) };
}
