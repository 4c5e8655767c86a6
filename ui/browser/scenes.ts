/**
 * Everything the window can look like, once: the query of the core in memory and the way there, by the window's own words,
 * so that the same way leads there in every language.
 */
import type { Locator, Page } from "playwright-core";

import { modelName, recipeName, words } from "../src/messages";
import { choose, showSettingsPage } from "./browser";

export interface Scene {
  name: string;
  query?: string;
  show: (page: Page) => Promise<void>;
}

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
  await page.getByRole("radio", { name: modelName("Built-in detector") }).waitFor();
}

async function recipe(page: Page, name: string): Promise<void> {
  await choose(page.getByRole("combobox", { name: words.plan.recipe }), recipeName(name));
}

const go = (page: Page) => page.locator(".go .primary");

/** Starts a run with the chosen model, and agrees to what is asked. */
async function start(page: Page): Promise<void> {
  await plan(page);
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

/** Opens the menu of layers. */
async function layers(page: Page): Promise<void> {
  await button(page, `${words.layers.title}:`).click();
  await page.getByRole("group", { name: words.layers.title }).getByRole("checkbox").first().waitFor();
}

async function history(page: Page): Promise<void> {
  await page.keyboard.press("Control+5");
  await page.getByRole("region", { name: words.history.reportOf(2) }).waitFor();
}

async function settings(page: Page): Promise<void> {
  await page.keyboard.press("Control+,");
  await page.getByRole("navigation", { name: words.settings.parts }).waitFor();
}

function settingsAt(title: () => string): Scene["show"] {
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

export const SCENES: readonly Scene[] = [
  {
    name: "welcome",
    query: "images=0",
    show: (page) => heading(page, words.library.welcome.title).waitFor(),
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
    query: "mistakes&images=240&unchecked=87500",
    show: async (page) => {
      await typed(page, "check:huge");
      await page.getByRole("group", { name: words.checks.names.huge }).getByRole("button").click();
      await dialog(page).waitFor();
    },
  },
  {
    name: "library-left-out",
    show: async (page) => {
      await library(page);
      await page.evaluate(() => window.dispatchEvent(new DragEvent("drop", { cancelable: true })));
      await button(page, words.library.skippedFiles(2).replace("2", "\\d+")).click();
      await dialog(page).waitFor();
    },
  },

  { name: "plan-without-key", query: "priced&images=12000", show: plan },
  { name: "plan", query: "priced&key&answered&similar&images=214", show: plan },
  {
    name: "plan-batch",
    query: "priced&key&endpoints&images=214",
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
    query: "priced&key&images=1400",
    show: async (page) => {
      await plan(page);
      await page.getByRole("textbox", { name: words.plan.budget.title }).fill("0.60");
      await page.keyboard.press("Tab");
    },
  },
  {
    name: "plan-agree",
    query: "priced&key&images=214",
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
    name: "plan-measuring",
    query: "priced&slow=60000&late=quote",
    show: async (page) => {
      await page.keyboard.press("Control+2");
      await page.getByText(words.plan.quotingNote).waitFor();
    },
  },
  {
    name: "plan-refused",
    query: "refuses=quote",
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
    query: "refuses=overview",
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
    query: "images=240&still",
    show: async (page) => {
      await start(page);
      await page
        .getByRole("progressbar", { name: words.run.progress })
        .and(page.locator("[aria-valuenow='120']"))
        .waitFor();
    },
  },
  {
    name: "run",
    query: "priced&key&endpoints&images=240&still",
    show: async (page) => {
      await start(page);
      await page.locator("svg .preview").first().waitFor();
      await page.locator(".wait").waitFor({ state: "hidden" });
    },
  },
  {
    name: "run-paused",
    query: "images=240&still",
    show: async (page) => {
      await start(page);
      await heading(page, words.run.recentAnswers).waitFor();
      await page.keyboard.press("Space");
      await page.getByText(words.run.states.paused, { exact: true }).waitFor();
    },
  },
  {
    name: "run-held",
    query: "priced&key&images=214&still&held=unreachable",
    show: async (page) => {
      await start(page);
      await page.locator(".wait").waitFor();
    },
  },
  { name: "run-finished", query: "images=400", show: (page) => latestRun(page, 2) },
  { name: "run-stopped", query: "priced&key&stopped=key_rejected", show: (page) => latestRun(page, 3) },
  { name: "run-at-budget", query: "priced&key&images=1400&stopped=budget_reached", show: (page) => latestRun(page, 3) },
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
    query: "priced&key&batch&images=1400",
    show: async (page) => {
      await latestRun(page, 3);
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
    query: "mistakes&images=240&unchecked=87500",
    show: async (page) => {
      await review(page);
      await page.keyboard.press("n");
    },
  },
  {
    name: "review-rejected",
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
    query: "refuses=imageIds",
    show: async (page) => {
      await page.keyboard.press("Control+4");
      await heading(page, words.review.unreadable).waitFor();
    },
  },
  {
    name: "review-awaited",
    query: "slow=60000&late=imageCards",
    show: async (page) => {
      await page.keyboard.press("Control+4");
      await page.locator("aside .skeleton").waitFor();
    },
  },
  {
    name: "review-annotations-unread",
    query: "refuses=imageCards",
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
  { name: "audit-sample", query: "images=2400", show: sample },
  {
    name: "compare",
    show: async (page) => {
      await page.keyboard.press("Control+6");
      await page.getByRole("region", { name: words.compare.choose }).waitFor();
    },
  },

  { name: "history", query: "priced&key&images=400", show: history },
  { name: "history-diagnosed", query: "priced&diagnosed&hooks", show: history },
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
  { name: "settings-library", show: settingsAt(() => words.settings.library) },
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
  {
    name: "drop",
    show: async (page) => {
      await library(page);
      await page.evaluate(() => window.dispatchEvent(new DragEvent("dragover", { cancelable: true })));
      await page.getByText(words.frame.dropTitle).waitFor();
    },
  },
];
