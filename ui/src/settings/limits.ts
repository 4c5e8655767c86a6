/** Limits of an endpoint within a minute, as the settings name them. */
import type { LimitSettings } from "../api/bindings";

export type LimitName = keyof LimitSettings;

export const LIMIT_NAMES: readonly LimitName[] = ["requests", "input_tokens", "output_tokens"];

/** The core counts them in 32 bits. */
export const MAX_A_MINUTE = 4_294_967_295;
