/**
 * Every look of the window: its library, changed answers of the core, and the steps that lead to it. The steps find controls
 * by the window's own words, so that they work in every language.
 */
import { HISTORY_LOOKS } from "./looks/history";
import { LIBRARY_LOOKS } from "./looks/library";
import type { Look } from "./looks/steps";
import { WORK_LOOKS } from "./looks/work";

export type { Look };

export const LOOKS: readonly Look[] = [...LIBRARY_LOOKS, ...WORK_LOOKS, ...HISTORY_LOOKS];
