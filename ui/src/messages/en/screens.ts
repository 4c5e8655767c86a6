import type { ReachableScreen, Screen } from "../../state/screens";

/** Screens by name, and as the command palette offers them. */
export const screens = {
  library: { name: "Library", open: "Go to the library" },
  plan: { name: "Plan", open: "Go to the plan" },
  run: { name: "Run", open: "Go to the run" },
  review: { name: "Review", open: "Go to review" },
  history: { name: "History", open: "Go to history" },
  compare: { name: "Compare", open: "Compare runs" },
  evaluate: { name: "Evaluate", open: "Evaluate runs against a ground truth" },
  spend: { name: "Spend", open: "Go to spend" },
  audit: { name: "Audit" },
  recipe: { name: "Recipe" },
  settings: { name: "Settings", open: "Go to settings" },
} satisfies Record<Screen, { name: string }> & Record<ReachableScreen, { open: string }>;
