/** Spending less: a pilot before the other images, ways to spend less, and the cap on what is spent in a month. */
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

import { words } from "../src/messages";
import {
  changeSettings,
  expectAccessible,
  expectNothingCut,
  launch,
  open,
  type Opening,
  screenshot,
  showSettingsPage,
} from "./browser";

let browser: Browser;
let page: Page;
beforeAll(async () => {
  browser = await launch();
});
afterEach(() => page.context().close());
afterAll(() => browser.close());

const LOOKS = [
  ["dark", 1024, 700],
  ["light", 1440, 900],
  ["light", 1024, 700],
  ["dark", 1440, 900],
] as const;

const go = () => page.getByRole("button", { name: /^Annotate / });
const savings = () => page.getByRole("region", { name: "Spend less" });
const pilot = () => page.getByRole("checkbox", { name: "Pilot on" });
/** The dollars on the button. */
const cost = async () => Number(/\$([\d.]+)/u.exec(await go().innerText())?.[1]);

/** Starts the run, and agrees to what is asked. */
async function start(): Promise<void> {
  await go().click();
  const dialog = page.getByRole("dialog");
  await dialog
    .or(page.getByRole("heading", { name: /^Run \d+$/ }))
    .first()
    .waitFor();
  if (await dialog.isVisible()) await dialog.getByRole("button", { name: /^Send / }).click();
  await page.getByRole("heading", { name: /^Run \d+$/ }).waitFor();
}

async function openPlan(opening: Opening = {}): Promise<void> {
  page = await open(browser, { query: "priced&key&similar&images=214", ...opening });
  await page.keyboard.press("Control+2");
  await page.getByRole("radio", { name: "Claude Haiku 5.5", exact: true }).check({ force: true });
  await savings().waitFor();
}

describe.each(LOOKS)("in the %s theme, at %i x %i", (theme, width, height) => {
  it("a plan with a pilot, savings and a monthly cap fits", async () => {
    page = await open(browser, { query: "priced&key&similar&images=214", theme, width, height });
    await changeSettings(page, () => ({ budget: { monthly_dollars: 0.5 } }));
    await page.keyboard.press("Control+2");
    await page.getByRole("radio", { name: "Claude Haiku 5.5", exact: true }).check({ force: true });
    await pilot().check();
    await savings()
      .getByRole("button", { name: /^Use: Skip / })
      .click();
    await savings()
      .getByRole("button", { name: /^Undo: Skip / })
      .waitFor();
    await page.getByText(/^This month: \$[\d.]+ of \$0.50 spent over all runs, \$[\d.]+ left.$/).waitFor();
    await page.getByRole("button", { name: /^Annotate 8 first, about \$0\.\d+$/ }).waitFor();
    await screenshot(page, `spend-less-${theme}-${width}`);
    await expectNothingCut(page);
    await expectAccessible(page);
  });

  it("a run after its pilot fits", async () => {
    page = await open(browser, { query: "priced&key&images=60&stopped=pilot_done", theme, width, height });
    await page.keyboard.press("Control+3");
    await page.getByText(/^The pilot of \d+ images/).waitFor();
    await screenshot(page, `run-pilot-${theme}-${width}`);
    await expectNothingCut(page);
    await expectAccessible(page);
  });
});

it("saves by one button, says the new quote, and takes back by the same", async () => {
  await openPlan();
  const before = await cost();
  await savings().getByRole("button", { name: "Use: Run in batches" }).click();
  const back = savings().getByRole("button", { name: "Undo: Run in batches" });
  await back.waitFor();
  expect(await page.getByRole("radio", { name: /^Batch/ }).isChecked()).toBe(true);
  await expect.poll(cost).toBeLessThan(before);
  await back.click();
  await savings().getByRole("button", { name: "Use: Run in batches" }).waitFor();
  await expect.poll(cost).toBe(before);

  // Two together are the quote for both, and the rest is computed anew.
  await savings()
    .getByRole("button", { name: /^Use: Skip / })
    .click();
  await savings()
    .getByRole("button", { name: /^Undo: Skip / })
    .waitFor();
  await expect.poll(cost).toBeLessThan(before);
  const skipped = await cost();
  await savings()
    .getByRole("button", { name: /^Use: Limit answers to / })
    .click();
  await savings()
    .getByRole("button", { name: /^Undo: Limit answers to / })
    .waitFor();
  expect(await cost()).toBe(skipped);
  await page.getByText("Advanced", { exact: true }).click();
  expect(await page.getByRole("textbox", { name: "Max output tokens" }).inputValue()).not.toBe("");
});

it("stops after its pilot, leads to its images, and continues with a new estimate", async () => {
  await openPlan({ query: "priced&key&images=60" });
  await pilot().check();
  await page.getByRole("spinbutton", { name: "Images of the pilot" }).fill("5");
  await page.keyboard.press("Tab");
  await page.getByRole("button", { name: /^Annotate 5 first, about \$0\.\d+$/ }).waitFor();
  await start();
  await page.getByText("The pilot of 5 images is done.").waitFor();
  await page.getByText(/It cost \$0\.\d+; \$0\.\d+ was expected\./).waitFor();
  await page.getByText(/^The other 55 images: likely \$0\.\d+–0\.\d+, never above \$[\d.]+\.$/).waitFor();
  await page.getByRole("button", { name: "Review these 5 images" }).click();
  await page
    .getByRole("button", { name: /^Review/ })
    .and(page.locator("[aria-current=page]"))
    .waitFor();
  await page.keyboard.press("Control+3");
  await page.getByRole("button", { name: "Continue with the other 55 images" }).click();
  await page.getByText("60 of 60 done").waitFor();
  // What it cost is in the status bar.
  await page.getByText(/^This month \$\d+\.\d+$/).waitFor();
});

it("has a monthly cap, and starts no run without room for an image", async () => {
  await openPlan({ query: "priced&key&images=60" });
  // The library's earlier runs are of another month.
  await pilot().check();
  await page.getByRole("spinbutton", { name: "Images of the pilot" }).fill("5");
  await page.keyboard.press("Tab");
  await page.getByRole("button", { name: /^Annotate 5 first/ }).waitFor();
  await start();
  await page.getByText("The pilot of 5 images is done.").waitFor();
  await page.getByRole("button", { name: "Settings" }).click();
  await showSettingsPage(page, "Requests");
  const field = page.getByRole("textbox", { name: "Monthly cap" });
  // Less than what was spent already.
  await field.fill("0.0001");
  await page.keyboard.press("Tab");
  await page.getByText(/^This month \$[\d.]+ of \$0.0001$/).waitFor();
  await page.keyboard.press("Control+2");
  // Whose answers are not saved.
  await page.getByRole("radio", { name: "Claude Sonnet 5.5", exact: true }).check({ force: true });
  await page
    .getByText(/^The bound of \$[\d.]+ passes the \$[\d.]+ left|^The likely cost passes what is left/)
    .waitFor();
  // Not even one image fits, so nothing is sent.
  await go().click();
  await page.getByText(words.errors.month_is_full).waitFor();
  await screenshot(page, "plan-monthly-cap-dark-1280");
  await page.getByRole("button", { name: "Settings" }).click();
  await showSettingsPage(page, "Requests");
  await field.fill("lots");
  await page.keyboard.press("Tab");
  await page.getByText("Enter an amount in dollars, such as 0.60.").waitFor();
  await field.fill("");
  await page.keyboard.press("Tab");
  await page.getByText(/^This month \$\d+\.\d+$/).waitFor();
});

it("lists models without a key on request, so that the ways to spend less are in sight", async () => {
  await openPlan({ width: 1440, height: 900 });
  const gpt = page.getByRole("radio", { name: "GPT-4o", exact: true });
  expect(await gpt.count()).toBe(0);
  expect((await savings().boundingBox())?.y).toBeLessThan(860);
  const show = page.getByRole("button", { name: /^Show 1\d models$/ });
  await show.press("Enter");
  await gpt.check();
  // The models of the chosen one stay.
  await gpt.waitFor();
  await page.getByRole("radio", { name: "Claude Haiku 5.5", exact: true }).check({ force: true });
  await page.getByRole("button", { name: "Hide models" }).click();
  await gpt.waitFor({ state: "detached" });
});
