import type { Settings } from "../bindings";

/** What nobody has changed yet. */
export const DEFAULT_SETTINGS: Settings = {
  theme: "system",
  writes_metrics: false,
  is_local_only: false,
  import: { includes_leftovers: false },
  run: {
    concurrency: null,
    retry_attempts: 3,
    retry_delay_ms: 1000,
    task_timeout_ms: 60_000,
    rate_limit_delay_ms: 0,
    chunk_size: null,
    max_tokens: null,
  },
  providers: [],
  agreed_hosts: [],
  hooks: { before_run: null, after_run: null, on_failure: null, timeout_seconds: 30 },
};
