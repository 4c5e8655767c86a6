/** What a look is, and the steps that several of them take. */
import type { Locator, Page } from "playwright-core";

import type { FilterCounts } from "../../src/api/bindings";
import { modelName, recipeName, words } from "../../src/messages";
import { changeAnswer, choose, type Opening, showSettingsPage } from "../browser";

export interface Look extends Pick<Opening, "query" | "refuses" | "slow"> {
  name: string;
  /** Changes answers of the core. */
  prepare?: (page: Page) => Promise<void>;
  show: (page: Page) => Promise<void>;
  /** Whether `show` changes the library, so that it leads there only once. */
  changes?: true;
}

export const FOREVER = 3_600_000;
export const DETECTOR = "Built-in detector";
export const CLAUDE = "Claude Haiku 5.5";

/** A button may go on with its key. */
export const button = (page: Page, name: string): Locator => page.getByRole("button", { name: new RegExp(`^${name}`) });
export const heading = (page: Page, name: string): Locator => page.getByRole("heading", { name, exact: true });
export const dialog = (page: Page): Locator => page.getByRole("dialog");

export async function library(page: Page): Promise<void> {
  await page.keyboard.press("Control+1");
  await page.getByRole("option", { name: "lake_0001.jpg" }).waitFor();
}

export async function plan(page: Page): Promise<void> {
  await page.keyboard.press("Control+2");
  await page.getByRole("radio", { name: modelName(DETECTOR) }).waitFor();
}

export async function recipe(page: Page, name: string): Promise<void> {
  await choose(page.getByRole("combobox", { name: words.plan.recipe }), recipeName(name));
}

export const go = (page: Page) => page.locator(".go .primary");

/** Starts a run with this model, and agrees to what is asked. */
export async function start(page: Page, model: string): Promise<void> {
  await plan(page);
  await page.getByRole("radio", { name: modelName(model) }).check({ force: true });
  await go(page).click();
  const pause = button(page, words.run.pause);
  await pause.or(dialog(page)).first().waitFor();
  if (await dialog(page).isVisible()) await dialog(page).locator(".primary").click();
  await pause.waitFor();
}

export async function latestRun(page: Page, run: number): Promise<void> {
  await page.keyboard.press("Control+3");
  await heading(page, words.run.title(run)).waitFor();
}

export async function review(page: Page): Promise<void> {
  await page.keyboard.press("Control+4");
  await page
    .getByRole("listbox", { name: words.review.annotations })
    .or(page.locator("ul.annotations"))
    .first()
    .waitFor();
}

/** Lets some annotations wait for their check. */
export const unchecked = (page: Page): Promise<void> =>
  changeAnswer(page, "filter_counts", (counts: FilterCounts) => ({ ...counts, unchecked: 87_500 }));

/** Opens the menu of layers. */
export async function layers(page: Page): Promise<void> {
  await button(page, `${words.layers.title}:`).click();
  await page.getByRole("group", { name: words.layers.title }).getByRole("checkbox").first().waitFor();
}

export async function history(page: Page): Promise<void> {
  await page.keyboard.press("Control+5");
  await page.getByRole("region", { name: words.history.reportOf(2) }).waitFor();
}

export async function evaluate(page: Page): Promise<void> {
  await page.keyboard.press("Control+7");
  await page.getByRole("grid", { name: words.evaluate.table }).waitFor();
}

export async function settings(page: Page): Promise<void> {
  await page.keyboard.press("Control+,");
  await page.getByRole("navigation", { name: words.settings.parts }).waitFor();
}

export function settingsAt(title: () => string): Look["show"] {
  return async (page) => {
    await settings(page);
    await showSettingsPage(page, title());
    await heading(page, title()).waitFor();
  };
}

export async function audit(page: Page): Promise<void> {
  await library(page);
  await page.keyboard.press("Control+Shift+A");
  await page.getByRole("radio", { name: /^cup/ }).check();
}

export async function sample(page: Page): Promise<void> {
  await audit(page);
  await dialog(page).locator(".primary").click();
  await page.getByText(words.audit.question("cup")).waitFor();
  for (const key of ["a", "x", "a"]) await page.keyboard.press(key);
}

export async function typed(page: Page, text: string): Promise<void> {
  await library(page);
  await page.keyboard.press("/");
  await page.keyboard.type(text);
  await page.keyboard.press("Enter");
}
