/**
 * Everything the window can look like, once: the library, what is done to the core's answers, and the way there, by the
 * window's own words, so that the same way leads there in every language.
 */
import type { Locator, Page } from "playwright-core";

import type { FilterCounts, RunReport } from "../src/api/bindings";
import { EVERY_DIAGNOSIS } from "../test/diagnoses";
import { modelName, recipeName, words } from "../src/messages";
import { changeAnswer, choose, type Opening, showSettingsPage } from "./browser";

export interface Look extends Pick<Opening, "query" | "refuses" | "slow"> {
  name: string;
  /** Changes answers of the core. */
  prepare?: (page: Page) => Promise<void>;
  show: (page: Page) => Promise<void>;
  /** Whether `show` changes the library, so that it leads there only once. */
  changes?: true;
}

const FOREVER = 3_600_000;
const DETECTOR = "Built-in detector";
const CLAUDE = "Claude Haiku 5.5";

/** A button may go on with its key. */
const button = (page: Page, name: string): Locator => page.getByRole("button", { name: new RegExp(`^${name}`) });
const heading = (page: Page, name: string): Locator => page.getByRole("heading", { name, exact: true });
const dialog = (page: Page): Locator => page.getByRole("dialog");

async function library(page: Page): Promise<void> {
  await page.keyboard.press("Control+1");
  await page.getByRole("option", { name: "lake_0001.jpg" }).waitFor();
}

async function plan(page: Page): Promise<void> {
  await page.keyboard.press("Control+2");
  await page.getByRole("radio", { name: modelName(DETECTOR) }).waitFor();
}

async function recipe(page: Page, name: string): Promise<void> {
  await choose(page.getByRole("combobox", { name: words.plan.recipe }), recipeName(name));
}

const go = (page: Page) => page.locator(".go .primary");

/** Starts a run with this model, and agrees to what is asked. */
async function start(page: Page, model: string): Promise<void> {
  await plan(page);
  await page.getByRole("radio", { name: modelName(model) }).check({ force: true });
  await go(page).click();
  const pause = button(page, words.run.pause);
  await pause.or(dialog(page)).first().waitFor();
  if (await dialog(page).isVisible()) await dialog(page).locator(".primary").click();
  await pause.waitFor();
}

async function latestRun(page: Page, run: number): Promise<void> {
  await page.keyboard.press("Control+3");
  await heading(page, words.run.title(run)).waitFor();
}

async function review(page: Page): Promise<void> {
  await page.keyboard.press("Control+4");
  await page
    .getByRole("listbox", { name: words.review.annotations })
    .or(page.locator("ul.annotations"))
    .first()
    .waitFor();
}

/** Lets some annotations wait for their check. */
const unchecked = (page: Page): Promise<void> =>
  changeAnswer(page, "filter_counts", (counts: FilterCounts) => ({ ...counts, unchecked: 87_500 }));

/** Opens the menu of layers. */
async function layers(page: Page): Promise<void> {
  await button(page, `${words.layers.title}:`).click();
  await page.getByRole("group", { name: words.layers.title }).getByRole("checkbox").first().waitFor();
}

async function history(page: Page): Promise<void> {
  await page.keyboard.press("Control+5");
  await page.getByRole("region", { name: words.history.reportOf(2) }).waitFor();
}

async function evaluate(page: Page): Promise<void> {
  await page.keyboard.press("Control+7");
  await page.getByRole("grid", { name: words.evaluate.table }).waitFor();
}

async function settings(page: Page): Promise<void> {
  await page.keyboard.press("Control+,");
  await page.getByRole("navigation", { name: words.settings.parts }).waitFor();
}

function settingsAt(title: () => string): Look["show"] {
  return async (page) => {
    await settings(page);
    await showSettingsPage(page, title());
    await heading(page, title()).waitFor();
  };
}

async function audit(page: Page): Promise<void> {
  await library(page);
  await page.keyboard.press("Control+Shift+A");
  await page.getByRole("radio", { name: /^cup/ }).check();
}

async function sample(page: Page): Promise<void> {
  await audit(page);
  await dialog(page).locator(".primary").click();
  await page.getByText(words.audit.question("cup")).waitFor();
  for (const key of ["a", "x", "a"]) await page.keyboard.press(key);
}

async function typed(page: Page, text: string): Promise<void> {
  await library(page);
  await page.keyboard.press("/");
  await page.keyboard.type(text);
  await page.keyboard.press("Enter");
}

export const LOOKS: readonly Look[] = [
  {
    name: "welcome",
    query: "images=0",
    show: (page) => heading(page, words.browser.dropTitle).waitFor(),
  },
  { name: "library", show: library },
  {
    name: "library-selected",
    show: async (page) => {
      await library(page);
      await page.getByRole("option", { name: "dahlia_0005.jpg" }).click();
      await page.keyboard.press("Shift+ArrowRight");
      await page.keyboard.press("Shift+ArrowRight");
    },
  },
  {
    name: "library-layers",
    query: "layers",
    show: async (page) => {
      await library(page);
      await layers(page);
    },
  },
  {
    name: "review-layers",
    query: "layers",
    show: async (page) => {
      await review(page);
      await layers(page);
    },
  },
  { name: "library-filtered", show: (page) => typed(page, "label:cup status:unreviewed") },
  {
    name: "library-nothing",
    show: async (page) => {
      await typed(page, "label:cup label:zebra");
      await heading(page, words.query.nothing.title).waitFor();
    },
  },
  {
    name: "library-repair",
    query: "mistakes&images=240",
    prepare: unchecked,
    show: async (page) => {
      await typed(page, "check:huge");
      await page.getByRole("group", { name: words.checks.names.huge }).getByRole("button").click();
      await dialog(page).waitFor();
    },
  },
  {
    name: "library-info",
    show: async (page) => {
      await library(page);
      await page.getByRole("option", { name: "lake_0001.jpg" }).click();
      await page.keyboard.press("i");
      await button(page, words.info.close).waitFor();
    },
  },
  {
    name: "library-large",
    show: async (page) => {
      await library(page);
      for (let presses = 0; presses < 12; presses += 1) await page.keyboard.press("+");
    },
  },
  {
    name: "library-menu",
    show: async (page) => {
      await library(page);
      await page.getByRole("option", { name: "lake_0001.jpg" }).click({ button: "right" });
      await page.getByRole("menu").waitFor();
    },
  },
  {
    name: "library-left-out",
    show: async (page) => {
      await library(page);
      await button(page, words.library.skippedFiles(3)).click();
      await dialog(page).waitFor();
    },
  },

  { name: "plan-without-key", query: "priced&images=2400", show: plan },
  { name: "plan", query: "priced&key&answered&similar&images=214", show: plan },
  {
    name: "plan-batch",
    query: "priced&key&endpoints&images=240",
    show: async (page) => {
      await plan(page);
      await page.getByRole("radio", { name: new RegExp(`^${words.plan.modes.batch}`) }).check({ force: true });
      await page.getByText(words.plan.concurrency.advanced, { exact: true }).click();
    },
  },
  {
    name: "plan-unsupported_capabilities",
    query: "priced",
    show: async (page) => {
      await plan(page);
      await recipe(page, "Bird vocabulary, Spanish and English");
      await page.getByText(words.plan.notKnown).first().waitFor();
    },
  },
  {
    name: "plan-capped",
    query: "priced&key&images=2400",
    changes: true,
    show: async (page) => {
      await plan(page);
      await page.getByRole("textbox", { name: words.plan.budget.title }).fill("0.60");
      await page.keyboard.press("Tab");
    },
  },
  {
    name: "plan-agree",
    query: "priced&key&images=240",
    show: async (page) => {
      await plan(page);
      await go(page).click();
      await dialog(page).waitFor();
    },
  },
  {
    name: "plan-hooks",
    query: "hooks",
    show: async (page) => {
      await plan(page);
      await go(page).click();
      await dialog(page).waitFor();
    },
  },

  {
    name: "recipe",
    query: "priced&key",
    show: async (page) => {
      await plan(page);
      await page.keyboard.press("Control+e");
      await page.getByRole("textbox", { name: words.recipe.instructions }).waitFor();
    },
  },
  {
    name: "recipe-label",
    query: "priced&key",
    show: async (page) => {
      await plan(page);
      await recipe(page, "Bird vocabulary, Spanish and English");
      await page.keyboard.press("Control+e");
      await button(page, words.recipe.editLabel).first().click();
      await page.getByRole("textbox", { name: words.recipe.definition }).waitFor();
    },
  },
  {
    name: "recipe-attribute",
    query: "priced&key",
    show: async (page) => {
      await plan(page);
      await recipe(page, "Bird vocabulary, Spanish and English");
      await page.keyboard.press("Control+e");
      await button(page, words.recipe.editAttribute).first().click();
    },
  },
  {
    name: "recipe-paste",
    query: "priced&key",
    show: async (page) => {
      await plan(page);
      await page.keyboard.press("Control+e");
      await button(page, words.recipe.paste).click();
      await dialog(page).waitFor();
    },
  },
  {
    name: "recipe-new",
    query: "priced&key",
    show: async (page) => {
      await plan(page);
      await button(page, words.recipe.add).click();
      await page.getByRole("textbox", { name: words.recipe.instructions }).waitFor();
    },
  },

  {
    name: "plan-measuring",
    query: "priced",
    slow: { quote: FOREVER },
    show: async (page) => {
      await page.keyboard.press("Control+2");
      await page.getByText(words.plan.quotingNote).waitFor();
    },
  },
  {
    name: "plan-refused",
    refuses: { quote: {} },
    show: async (page) => {
      await page.keyboard.press("Control+2");
      await heading(page, words.plan.quoteFailed).waitFor();
    },
  },
  {
    name: "plan-without-recipe",
    query: "recipes=0",
    show: async (page) => {
      await page.keyboard.press("Control+2");
      await heading(page, words.plan.noRecipe).waitFor();
    },
  },
  {
    name: "plan-without-images",
    query: "hollow",
    show: async (page) => {
      await library(page);
      await page.getByRole("button", { name: /^Damaged card/ }).click();
      await page.keyboard.press("Control+2");
      await heading(page, words.plan.noneChosen).waitFor();
    },
  },
  {
    name: "plan-unread",
    refuses: { overview: {} },
    show: async (page) => {
      await page.keyboard.press("Control+2");
      await heading(page, words.frame.libraryUnreadable).waitFor();
    },
  },

  {
    name: "run-none",
    query: "images=0",
    show: async (page) => {
      await page.keyboard.press("Control+3");
      await heading(page, words.run.emptyTitle).waitFor();
    },
  },
  {
    name: "run-here",
    query: "images=240",
    changes: true,
    show: async (page) => {
      await start(page, DETECTOR);
      await heading(page, words.run.recentAnswers).waitFor();
    },
  },
  {
    name: "run",
    query: "priced&key&endpoints&images=240&still",
    changes: true,
    show: async (page) => {
      await start(page, CLAUDE);
      await page.locator("svg .preview").first().waitFor();
      await page.locator(".wait").waitFor({ state: "hidden" });
    },
  },
  {
    name: "run-paused",
    query: "key&images=240&still",
    changes: true,
    show: async (page) => {
      await start(page, CLAUDE);
      await heading(page, words.run.recentAnswers).waitFor();
      await page.keyboard.press("Space");
      await page.getByText(words.run.states.paused, { exact: true }).waitFor();
    },
  },
  {
    name: "run-held",
    query: "priced&key&images=240&still&held=unreachable",
    changes: true,
    show: async (page) => {
      await start(page, CLAUDE);
      await page.locator(".wait").waitFor();
    },
  },
  { name: "run-finished", query: "images=240", show: (page) => latestRun(page, 2) },
  { name: "run-stopped", query: "priced&key&stopped=key_rejected", show: (page) => latestRun(page, 3) },
  { name: "run-at-budget", query: "priced&key&images=240&stopped=budget_reached", show: (page) => latestRun(page, 3) },
  { name: "run-interrupted", query: "interrupted", show: (page) => latestRun(page, 3) },
  {
    name: "run-unsettled",
    query: "priced&key&interrupted",
    show: async (page) => {
      await latestRun(page, 3);
      await page.keyboard.press("Space");
      await dialog(page).waitFor();
    },
  },
  {
    name: "run-batch",
    query: "priced&key&batch&images=240",
    changes: true,
    show: async (page) => {
      await latestRun(page, 3);
      await page.keyboard.press("Space");
      await page.getByText(words.run.batch.mayBeClosed).waitFor();
    },
  },

  {
    name: "review",
    query: "images=240",
    show: review,
  },
  {
    name: "review-selected",
    query: "mistakes&images=240",
    prepare: unchecked,
    show: async (page) => {
      await review(page);
      await page.keyboard.press("n");
    },
  },
  {
    name: "review-filter",
    query: "images=240",
    show: async (page) => {
      await review(page);
      await button(page, words.review.filter.title).click();
      await page.getByRole("slider").first().waitFor();
    },
  },
  {
    name: "review-rejected",
    changes: true,
    show: async (page) => {
      await review(page);
      await page.keyboard.press("x");
      await page.getByText(words.review.why).waitFor();
    },
  },
  {
    name: "review-none",
    query: "images=0",
    show: async (page) => {
      await page.keyboard.press("Control+4");
      await heading(page, words.review.emptyTitle).waitFor();
    },
  },

  {
    name: "review-unread",
    refuses: { image_ids: {} },
    show: async (page) => {
      await page.keyboard.press("Control+4");
      await heading(page, words.review.unreadable).waitFor();
    },
  },
  {
    name: "review-awaited",
    slow: { image_cards: FOREVER },
    show: async (page) => {
      await page.keyboard.press("Control+4");
      await page.locator("aside .skeleton").waitFor();
    },
  },
  {
    name: "review-annotations-unread",
    refuses: { image_cards: {} },
    show: async (page) => {
      await page.keyboard.press("Control+4");
      await heading(page, words.review.annotationsUnreadable).waitFor();
    },
  },
  {
    name: "review-unplugged",
    query: "unplugged",
    show: async (page) => {
      await review(page);
      await page.getByText("No such file or directory").waitFor();
    },
  },
  {
    name: "review-gone",
    query: "unplugged=all",
    show: async (page) => {
      await review(page);
      await page.getByText("No such file or directory").waitFor();
    },
  },

  { name: "audit-threshold", query: "images=2400", show: audit },
  { name: "audit-sample", query: "images=2400", changes: true, show: sample },
  {
    name: "compare",
    show: async (page) => {
      await page.keyboard.press("Control+6");
      await page.getByRole("region", { name: words.compare.choose }).waitFor();
    },
  },

  { name: "evaluate", query: "layers", show: evaluate },
  {
    name: "evaluate-several",
    query: "layers",
    show: async (page) => {
      await evaluate(page);
      await button(page, words.evaluate.evaluated).click();
      await page.getByRole("group", { name: words.evaluate.evaluated }).getByRole("checkbox").nth(1).check();
      await page.keyboard.press("Escape");
      await page.getByRole("grid", { name: words.evaluate.table }).getByRole("row").nth(2).waitFor();
    },
  },
  {
    name: "evaluate-none",
    query: "images=0",
    show: async (page) => {
      await page.keyboard.press("Control+7");
      await heading(page, words.evaluate.noRunsTitle).waitFor();
    },
  },

  { name: "history", query: "priced&key&images=240", show: history },
  {
    name: "history-diagnosed",
    query: "priced&hooks",
    prepare: (page) =>
      changeAnswer(page, "run_report", (report: RunReport) => ({ ...report, diagnoses: [...EVERY_DIAGNOSIS] })),
    show: history,
  },
  {
    name: "history-undo",
    show: async (page) => {
      await history(page);
      await button(page, words.history.undo).click();
      await dialog(page).waitFor();
    },
  },
  {
    name: "history-compare",
    show: async (page) => {
      await history(page);
      await button(page, words.compare.compareWith).click();
      await dialog(page).waitFor();
    },
  },
  {
    name: "history-beside",
    query: "priced&key&months&images=120",
    show: async (page) => {
      await page.keyboard.press("Control+5");
      for (const run of [14, 13, 2]) await page.getByRole("checkbox", { name: words.history.beside.mark(run) }).check();
      await page.getByRole("region", { name: words.history.beside.title(3) }).waitFor();
      await page.locator(".beside canvas").nth(2).waitFor();
    },
  },
  {
    name: "spend",
    query: "priced&key&months&images=120",
    show: async (page) => {
      await page.keyboard.press("Control+8");
      await page.getByRole("slider", { name: words.spend.monthText }).locator("canvas").waitFor();
    },
  },
  {
    name: "history-none",
    query: "images=0",
    show: async (page) => {
      await page.keyboard.press("Control+5");
      await heading(page, words.history.emptyTitle).waitFor();
    },
  },

  { name: "settings", query: "priced&key&endpoints", show: settings },
  { name: "settings-keychainless", query: "priced&keychainless", show: settings },
  { name: "settings-requests", query: "priced&key", show: settingsAt(() => words.settings.requests) },
  { name: "settings-hooks", query: "hooks", show: settingsAt(() => words.hooks.title) },
  { name: "settings-appearance", show: settingsAt(() => words.settings.appearance) },
  { name: "settings-keyboard", show: settingsAt(() => words.actions.keyboard.title) },
  { name: "settings-privacy", query: "priced&key&endpoints", show: settingsAt(() => words.settings.privacy) },
  { name: "settings-import", show: settingsAt(() => words.settings.importing) },
  { name: "settings-library", show: settingsAt(() => words.storage.title) },
  { name: "settings-about", show: settingsAt(() => words.settings.about) },
  {
    name: "settings-endpoint",
    query: "priced&key&endpoints",
    show: async (page) => {
      await settings(page);
      await button(page, words.settings.addEndpoint).click();
      await dialog(page).locator(".primary").click();
    },
  },

  {
    name: "export",
    query: "images=240",
    show: async (page) => {
      await history(page);
      await page.keyboard.press("Control+Shift+E");
      await dialog(page).locator(".primary").waitFor();
    },
  },

  {
    name: "palette-found",
    show: async (page) => {
      await library(page);
      await page.keyboard.press("Control+k");
      await page.keyboard.type("lake");
      await page.getByRole("option").first().waitFor();
    },
  },
  {
    name: "palette",
    show: async (page) => {
      await library(page);
      await page.keyboard.press("Control+k");
      await dialog(page).waitFor();
    },
  },
  {
    name: "shortcuts",
    show: async (page) => {
      await library(page);
      await page.keyboard.press("?");
      await dialog(page).waitFor();
    },
  },
];
