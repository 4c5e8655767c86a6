/** What the measurements in the browser are made of, and how they are printed. */
import type { Page } from "playwright-core";

export interface Frames {
  aSecond: number;
  p95Millis: number;
  longestMillis: number;
}

/** Of the milliseconds between frames. */
export function framesOf(between: readonly number[]): Frames {
  const sorted = [...between].sort((one, other) => one - other);
  const millis = sorted.reduce((sum, each) => sum + each, 0);
  return {
    aSecond: (sorted.length * 1000) / millis,
    p95Millis: sorted[Math.floor(sorted.length * 0.95)] ?? 0,
    longestMillis: sorted.at(-1) ?? 0,
  };
}

export function print(what: string, { aSecond, p95Millis, longestMillis }: Frames): void {
  const [frames, p95] = [aSecond.toFixed(1).padStart(5), p95Millis.toFixed(1).padStart(5)];
  console.log(
    `  ${what.padEnd(34)} ${frames} frames/s   p95 ${p95} ms   longest ${longestMillis.toFixed(0).padStart(4)} ms`,
  );
}

export function printShare(what: string, one: Frames, other: Frames): void {
  const share = ((one.aSecond / other.aSecond) * 100).toFixed(0);
  console.log(`  ${what.padEnd(34)} ${share.padStart(5)} %`);
}

/** What is in use once nothing is left to collect. */
export async function heapMegabytes(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize } = await session.send("Runtime.getHeapUsage");
  await session.detach();
  return usedSize / 1e6;
}
