/** One diagnosis of each kind. No run of the core has all of them: it advises on no setting twice. */
import type { Diagnosis } from "../src/api/bindings";

export const EVERY_DIAGNOSIS: readonly Diagnosis[] = [
  {
    finding: { kind: "mostly_one_failure", failure: "file_missing", count: 40, failed: 48, finished: 204 },
    changes: [{ kind: "check_photos" }],
  },
  {
    finding: { kind: "answers_cut_short", count: 31, share: 0.15, room: { kind: "own_maximum", tokens: 600 } },
    changes: [{ kind: "raise_max_tokens", than: 600 }, { kind: "smaller_recipe" }],
  },
  {
    finding: {
      kind: "rate_limited",
      refusals: 12,
      overloads: 0,
      held_millis: 81_000,
      share: 0.38,
      limit: { unit: "requests_per_minute", count: 58 },
    },
    changes: [
      { kind: "add_endpoint" },
      { kind: "use_batch", cost_dollars: 0.98 },
      { kind: "limit_requests", per_minute: 58 },
    ],
  },
  {
    finding: {
      kind: "retries_high",
      repeated: 28,
      asked: 204,
      by_kind: [
        { kind: "connection_lost", count: 20 },
        { kind: "timed_out", count: 8 },
      ],
    },
    changes: [
      { kind: "check_network" },
      { kind: "lower_concurrency", to: 4 },
      { kind: "shorter_idle_timeout", to_millis: 20_000 },
    ],
  },
  {
    finding: { kind: "server_away", away_millis: 124_000, share: 0.21 },
    changes: [{ kind: "check_network" }],
  },
  {
    finding: { kind: "slowed_by_own_limit", share: 0.6, limit: { unit: "tokens_per_minute", count: 400_000 } },
    changes: [{ kind: "raise_own_limit" }],
  },
  {
    finding: { kind: "slowed_by_pause", pause_millis: 200, share: 0.4 },
    changes: [{ kind: "no_pause" }],
  },
  {
    finding: { kind: "slowed_by_concurrency", concurrency: 2, share: 0.94, images_per_second: 0.42, possible: 16.7 },
    changes: [{ kind: "raise_concurrency", to: 64 }],
  },
  {
    finding: { kind: "slowed_by_preparing", images_per_second: 3.1, share: 0.62 },
    changes: [{ kind: "smaller_photos" }],
  },
  {
    finding: { kind: "cost_by_output", share: 0.71, paid_dollars: 1.97, answer_tokens: 612, thinking_share: 0.4 },
    changes: [{ kind: "calibrate" }, { kind: "other_model" }, { kind: "raise_concurrency", to: null }],
  },
  {
    finding: {
      kind: "cost_by_images",
      share: 0.74,
      paid_dollars: 1.97,
      image_tokens: 4_704,
      longest_edge: 2_352,
    },
    changes: [{ kind: "cheaper_model", name: "Claude Haiku 5.5", cost_dollars: 0.11 }],
  },
];
