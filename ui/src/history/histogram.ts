/** Geometry of the duration histogram. */
import type { DurationBin } from "../ipc/bindings";

export interface Bar {
  x: number;
  y: number;
  width: number;
  height: number;
  /** Beyond the 95th percentile. */
  isTail: boolean;
}

/** Even a single image is visible. */
const MIN_HEIGHT = 2;
const GAP = 2;

export function bars(bins: readonly DurationBin[], p95: number, width: number, height: number): Bar[] {
  const most = bins.reduce((high, bin) => Math.max(high, bin.count), 0);
  const slot = width / Math.max(1, bins.length);
  return bins.map((bin, place) => {
    const tall = bin.count === 0 || most === 0 ? 0 : Math.max(MIN_HEIGHT, (bin.count / most) * height);
    return {
      x: place * slot + GAP / 2,
      y: height - tall,
      width: Math.max(1, slot - GAP),
      height: tall,
      isTail: bin.from_millis >= p95,
    };
  });
}

/** Position of a duration between fastest and slowest, 0 to 1. */
export function placeOf(milliseconds: number, bins: readonly DurationBin[]): number {
  const from = bins[0]?.from_millis ?? 0;
  const to = bins.at(-1)?.to_millis ?? 0;
  if (to <= from) return 0.5;
  return Math.min(1, Math.max(0, (milliseconds - from) / (to - from)));
}

/** A label beside its line, in a row of its own if neighbours leave no room. */
export interface Flag {
  side: "right" | "left";
  /** Rows count upwards from the chart; the line reaches its label. */
  row: number;
}

/**
 * Labels of the given `widths` for lines at ascending `places`, within `width`: none covers another or crosses
 * another's line.
 */
export function flags(places: readonly number[], widths: readonly number[], width: number, gap: number): Flag[] {
  const last = places.length - 1;
  const at = (index: number) => places[index] ?? 0;
  const room = (index: number) => (widths[index] ?? 0) + gap;
  const flags: Flag[] = places.map(() => ({ side: "right", row: 0 }));
  const flag = (index: number) => flags[index] as Flag;
  for (let index = last; index >= 0; index -= 1) {
    const isAtEnd = at(index) + room(index) > width;
    const isCloseToLeft = index < last && flag(index + 1).side === "left" && at(index) + room(index) > at(index + 1);
    if (isAtEnd || isCloseToLeft) flag(index).side = "left";
    else if (index < last && at(index) + room(index) > at(index + 1)) flag(index).row = flag(index + 1).row + 1;
  }
  for (let index = 1; index <= last; index += 1) {
    if (flag(index).side === "right") continue;
    const before = flag(index - 1);
    const end = at(index - 1) + (before.side === "right" ? room(index - 1) : 0);
    if (at(index) - room(index) < end) flag(index).row = before.row + 1;
  }
  return flags;
}
