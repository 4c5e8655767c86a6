/** The geometry of the histogram of durations. */
import type { DurationBin } from "../ipc/bindings";

export interface Bar {
  x: number;
  y: number;
  width: number;
  height: number;
  /** Beyond the 95th percentile. */
  isTail: boolean;
}

/** A bar that counts one image among thousands is still to be seen. */
const LEAST_HEIGHT = 2;
const GAP = 2;

export function bars(bins: readonly DurationBin[], p95: number, width: number, height: number): Bar[] {
  const most = bins.reduce((high, bin) => Math.max(high, bin.count), 0);
  const slot = width / Math.max(1, bins.length);
  return bins.map((bin, place) => {
    const tall = bin.count === 0 || most === 0 ? 0 : Math.max(LEAST_HEIGHT, (bin.count / most) * height);
    return {
      x: place * slot + GAP / 2,
      y: height - tall,
      width: Math.max(1, slot - GAP),
      height: tall,
      isTail: bin.from_millis >= p95,
    };
  });
}

/** Where a duration is between the fastest and the slowest: 0 to 1. */
export function placeOf(milliseconds: number, bins: readonly DurationBin[]): number {
  const from = bins[0]?.from_millis ?? 0;
  const to = bins.at(-1)?.to_millis ?? 0;
  if (to <= from) return 0.5;
  return Math.min(1, Math.max(0, (milliseconds - from) / (to - from)));
}

/** Shares of names in a row, moved apart so that none covers another, each at most as wide as `width` of the row. */
export function spread(places: readonly number[], width: number): number[] {
  const moved: number[] = [];
  for (const place of places) {
    const least = (moved.at(-1) ?? -width / 2) + width;
    moved.push(Math.max(place, least));
  }
  // What was pushed out at the right end comes back in and pushes its neighbours along.
  for (let index = moved.length - 1; index >= 0; index -= 1) {
    const most = index === moved.length - 1 ? 1 - width / 2 : (moved[index + 1] ?? 1) - width;
    moved[index] = Math.max(width / 2, Math.min(moved[index] ?? 0, most));
  }
  return moved;
}
