/** The component of each screen, one line each. Its props are those of `ScreenStates` that it needs, or none. */
import type { Component } from "svelte";

import type { Accepting } from "./audit/accepting.svelte";
import AuditScreen from "./audit/AuditScreen.svelte";
import CompareScreen from "./compare/CompareScreen.svelte";
import type { Differences } from "./compare/differences.svelte";
import type { Review } from "./editor/review.svelte";
import ReviewScreen from "./editor/ReviewScreen.svelte";
import type { Evaluation } from "./evaluate/evaluation.svelte";
import EvaluateScreen from "./evaluate/EvaluateScreen.svelte";
import type { Library } from "./gallery/library.svelte";
import LibraryScreen from "./gallery/LibraryScreen.svelte";
import HistoryScreen from "./history/HistoryScreen.svelte";
import type { Viewport } from "./photo/viewport.svelte";
import type { Plan } from "./plan/plan.svelte";
import PlanScreen from "./plan/PlanScreen.svelte";
import type { RecipeEditor } from "./recipe/editor.svelte";
import RecipeScreen from "./recipe/RecipeScreen.svelte";
import RunScreen from "./run/RunScreen.svelte";
import SettingsScreen from "./settings/SettingsScreen.svelte";
import SpendScreen from "./spend/SpendScreen.svelte";
import type { Screen } from "./state/screens";

/** The state of screens that is kept while another screen shows. */
export interface ScreenStates {
  library: Library;
  plan: Plan;
  review: Review;
  /** How far the photo under review is zoomed. */
  viewport: Viewport;
  accepting: Accepting;
  differences: Differences;
  evaluation: Evaluation;
  editor: RecipeEditor;
}

const COMPONENTS: Record<Screen, Component<ScreenStates> | Component<Record<string, never>>> = {
  library: LibraryScreen,
  plan: PlanScreen,
  run: RunScreen,
  review: ReviewScreen,
  audit: AuditScreen,
  compare: CompareScreen,
  evaluate: EvaluateScreen,
  history: HistoryScreen,
  spend: SpendScreen,
  recipe: RecipeScreen,
  settings: SettingsScreen,
};

/** The component of a screen. It is given every state and ignores those that it does not declare. */
export function componentOf(screen: Screen): Component<ScreenStates> {
  return COMPONENTS[screen] as Component<ScreenStates>;
}
