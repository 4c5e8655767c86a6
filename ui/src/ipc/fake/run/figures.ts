/** What a run measured. */
import type { DurationBin, RunMetrics } from "../../bindings";

const MOST_BINS = 24;

export function percentile(durations: readonly number[], share: number): number | null {
  if (durations.length === 0) return null;
  const sorted = [...durations].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? null;
}

export function bins(durations: readonly number[]): DurationBin[] {
  if (durations.length === 0) return [];
  const least = durations.reduce((low, each) => Math.min(low, each));
  const most = durations.reduce((high, each) => Math.max(high, each));
  const width = Math.max(1, Math.ceil((most - least + 1) / MOST_BINS));
  const number = Math.floor((most - least) / width) + 1;
  const made = Array.from({ length: number }, (_, place) => ({
    from_millis: least + place * width,
    to_millis: least + (place + 1) * width,
    count: 0,
  }));
  for (const duration of durations) (made[Math.floor((duration - least) / width)] as DurationBin).count += 1;
  return made;
}

const MOST_RATE_POINTS = 40;
const IMAGES_A_POINT = 3;

/** Images a minute in equal steps of the time worked. */
export function rateHistory(finishedAfter: readonly number[], worked: number): number[] {
  const points = Math.min(
    MOST_RATE_POINTS,
    Math.floor(finishedAfter.length / IMAGES_A_POINT),
    Math.ceil(worked / 1000),
  );
  if (points < 2) return [];
  const step = worked / points;
  const placeOf = (after: number) => Math.min(points - 1, Math.floor(after / step));
  const counts = Array.from(
    { length: points },
    (_, place) => finishedAfter.filter((after) => placeOf(after) === place).length,
  );
  return counts.map((count) => (count / step) * 60_000);
}

export interface Measured {
  durations: readonly number[];
  answered: number;
  reused: number;
  propagated: number;
  retries: number;
  wallMillis: number;
  concurrency: number;
  /** Images wait at the vendor: their durations say nothing of parallelism. */
  isBatch: boolean;
}

export function metricsOf({
  durations,
  answered,
  reused,
  propagated,
  retries,
  wallMillis,
  concurrency,
  isBatch,
}: Measured): RunMetrics | null {
  const asked = durations.length;
  if (asked === 0) return null;
  const summed = durations.reduce((sum, each) => sum + each, 0);
  const at = (share: number) => percentile(durations, share) ?? 0;
  return {
    asked,
    answered,
    reused,
    propagated,
    unread: 0,
    concurrency,
    wall_millis: wallMillis,
    mean_millis: summed / asked,
    p50_millis: at(0.5),
    p95_millis: at(0.95),
    p99_millis: at(0.99),
    summed_millis: summed,
    parallelism: isBatch ? null : summed / wallMillis,
    speedup: null,
    images_per_second: asked / (wallMillis / 1000),
    success_rate: answered / asked,
    retry_rate: retries / asked,
    retries,
  };
}
