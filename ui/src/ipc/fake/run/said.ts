import type { RetryKind, StopReason } from "../../bindings";

/** What the server, or the way to it, says in a hold or when a run ends by itself. */
export const SAID: Partial<Record<StopReason | RetryKind, string>> = {
  rate_limited: "This request would exceed your organization's rate limit of 2,000,000 input tokens per minute.",
  overloaded: "Overloaded",
  unreachable: "connection refused (os error 111)",
  key_rejected: "invalid x-api-key",
  not_permitted: "Your API key does not have permission to use the specified resource.",
  no_credit: "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing.",
  spend_limit: "You have reached your specified API usage limits. You will regain access on 2026-12-01.",
  unknown_model: "model: claude-haiku-5-5",
  not_such_a_server: "HTTP 404, text/html",
  answers_unreadable: 'the server\'s answer could not be read: status 200, text/html, beginning with "<!doctype html>"',
  wait_too_long: "status 429: Slow down; it requests a wait of 86400 seconds, and the limit is 3600",
  request_refused: "output_config.format: Extra inputs are not permitted",
};
