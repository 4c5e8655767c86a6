/** Limits of a route within a minute, as the settings name them. */
import type { RouteLimits } from "../ipc/bindings";

export type LimitName = keyof RouteLimits;

export const LIMIT_NAMES: readonly LimitName[] = ["requests", "input_tokens", "output_tokens"];

/** The core counts them in 32 bits. */
export const MAX_A_MINUTE = 4_294_967_295;
