/** The settings of how models elsewhere are asked. */
import type { RunSettings } from "../api/bindings";

/** Concurrency has a setting of its own. */
export type RunSettingName = Exclude<keyof RunSettings, "concurrency">;

interface Range {
  least: number;
  most: number;
  /** What holds when nothing is typed. */
  usual: number | null;
}

export const RUN_SETTINGS: Record<RunSettingName, Range> = {
  retry_attempts: { least: 0, most: 20, usual: 3 },
  retry_delay_ms: { least: 0, most: 600_000, usual: 1_000 },
  task_timeout_ms: { least: 1_000, most: 3_600_000, usual: 60_000 },
  rate_limit_delay_ms: { least: 0, most: 600_000, usual: 0 },
  chunk_size: { least: 1, most: 200, usual: null },
  max_tokens: { least: 64, most: 128_000, usual: null },
};

export const RUN_SETTING_NAMES = Object.keys(RUN_SETTINGS) as RunSettingName[];
