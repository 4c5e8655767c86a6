/** What a run may cost: the cap in the plan, the stop before it is passed, and requests that may be billed twice. */
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

import { agree, expectAccessible, expectNothingCut, launch, open, type Opening, screenshot } from "./browser";

let browser: Browser;
let page: Page;
beforeAll(async () => {
  browser = await launch();
});
afterEach(() => page.context().close());
afterAll(() => browser.close());

const LOOKS = [
  ["dark", 960, 600],
  ["light", 1280, 800],
] as const;

const cap = () => page.getByRole("textbox", { name: "Budget cap" });
const go = () => page.getByRole("button", { name: /^Annotate / });

async function openPlan(opening: Opening = {}): Promise<void> {
  page = await open(browser, { query: "priced&key", ...opening });
  await page.keyboard.press("Control+2");
  await page.getByRole("heading", { name: /^Quote for/ }).waitFor();
}

async function openRun(opening: Opening): Promise<void> {
  page = await open(browser, opening);
  await page.keyboard.press("Control+3");
  await page.getByRole("heading", { name: "Run 3" }).waitFor();
  await agree(page);
  await page.waitForFunction(() => [...document.images].every((image) => image.complete));
}

describe.each(LOOKS)("in the %s theme, at %i x %i", (theme, width, height) => {
  it("a plan with a cap fits", async () => {
    await openPlan({ query: "priced&key&images=1400", theme, width, height });
    await cap().fill("0.60");
    await page.keyboard.press("Tab");
    await page.getByText("so the run stops before it could exceed $0.60.").waitFor();
    await page.locator('.savings[aria-busy="true"]').waitFor({ state: "detached" });
    await screenshot(page, `plan-cap-${theme}-${width}`);
    await expectNothingCut(page);
    await expectAccessible(page);
    await cap().fill("lots");
    await page.keyboard.press("Tab");
    await page.getByText("Enter an amount in dollars, such as 0.60.").waitFor();
    await screenshot(page, `plan-cap-wrong-${theme}-${width}`);
    await expectNothingCut(page);
    await expectAccessible(page);
  });

  it("a run at its budget fits, and one that works under it", async () => {
    await openRun({ query: "priced&key&images=1400&stopped=budget_reached", theme, width, height });
    await page.getByText(/^The budget of \$0\.\d+ is reached/).waitFor();
    await screenshot(page, `run-budget-${theme}-${width}`);
    await expectNothingCut(page);
    await expectAccessible(page);
    await page.getByRole("button", { name: "Raise and resume" }).click();
    await page.getByText(/reserved for the \d+ in flight$/).waitFor();
    await screenshot(page, `run-under-budget-${theme}-${width}`);
    await expectNothingCut(page);
    await expectAccessible(page);
  });

  it("what may be billed twice is asked about", async () => {
    await openRun({ query: "priced&key&interrupted", theme, width, height });
    await page.getByRole("button", { name: /^Resume, 30 images left/ }).click();
    await page.getByRole("dialog", { name: "Resume run 3?" }).waitFor();
    await screenshot(page, `run-unsettled-${theme}-${width}`);
    await expectNothingCut(page);
    await expectAccessible(page);
  });
});

describe("the cap in the plan", () => {
  it("is typed as people type money, marked in every range, and kept while models change", async () => {
    await openPlan();
    await page.getByText("Without a cap, the run continues to its last image.").waitFor();
    expect(await page.locator(".whisker .cap").count()).toBe(0);
    await cap().fill("5,60");
    const ranges = await page.locator(".whisker").count();
    expect(await page.locator(".whisker .cap").count()).toBe(ranges);
    await page.getByText("Red marks your cap of $5.60. If the bound is beyond it, the run may stop early.").waitFor();
    await page
      .getByRole("img", { name: /within your cap of \$5\.60$/ })
      .first()
      .waitFor();
    await page
      .getByRole("img", { name: /beyond your cap of \$5\.60$/ })
      .first()
      .waitFor();
    await page.getByRole("radio", { name: "Claude Sonnet 5.5" }).click();
    expect(await cap().inputValue()).toBe("$5.60");
    await page.getByRole("radio", { name: "Built-in detector" }).click();
    await cap().waitFor({ state: "hidden" });
    await page.getByRole("radio", { name: "Claude Haiku 5.5" }).click();
    expect(await cap().inputValue()).toBe("$5.60");
  });

  it("says what is wrong with it once it is typed, and nothing starts", async () => {
    await openPlan();
    await cap().focus();
    await page.keyboard.type("0");
    expect(await page.getByText("Enter more than $0.").count()).toBe(0);
    await page.keyboard.press("Tab");
    await page.getByText("Enter more than $0.").waitFor();
    expect(await cap().getAttribute("aria-invalid")).toBe("true");
    expect(await go().isDisabled()).toBe(true);
    await page.getByText("The budget cap is not valid.").waitFor();
    await cap().fill("0.001");
    await cap().press("Enter");
    await page.getByText(/^\$0\.001 is too low for a single image; the most expensive can cost \$0\.0\d+\.$/).waitFor();
    expect(await go().isDisabled()).toBe(true);
    await cap().fill("");
    await cap().press("Enter");
    await page.getByText("Without a cap, the run continues to its last image.").waitFor();
    expect(await go().isEnabled()).toBe(true);
  });

  it("is said again before images leave, and the run keeps to it", async () => {
    await openPlan();
    await cap().fill("$0.10");
    await page.keyboard.press("Control+Enter");
    const dialog = page.getByRole("dialog", { name: /^Send 60 images/ });
    await dialog.getByText("so the run stops before it could exceed $0.10.").waitFor();
    await dialog.getByRole("button", { name: /^Send / }).click();
    await page.getByText("cap $0.10", { exact: true }).waitFor();
    await page.getByText(/reserved for the \d+ in flight$/).waitFor();
    await page.getByText(/^The budget of \$0\.10 is reached: \$0\.\d+ paid/).waitFor();
  });
});

describe("a run at its budget", () => {
  const QUERY = "priced&key&stopped=budget_reached";
  const field = () => page.getByRole("textbox", { name: "New budget" });

  it("goes on under a higher one, by the keyboard", async () => {
    await openRun({ query: QUERY });
    expect(await page.getByRole("button", { name: /^Resume/ }).count()).toBe(0);
    await page.keyboard.press("Space");
    await page.getByRole("heading", { name: "Budget reached" }).waitFor();
    expect(await field().inputValue()).toMatch(/^\$0\.\d\d$/);
    await field().fill("0.001");
    await field().press("Enter");
    await page.getByText(/^The budget is already \$0\.\d+\. Enter more\.$/).waitFor();
    await field().fill("0.50");
    await field().press("Enter");
    await page.getByText(/^cap \$0\.50/).waitFor();
    await page.getByText("Completed", { exact: true }).waitFor();
  });

  it("is raised on its screen, to which history leads", async () => {
    page = await open(browser, { query: QUERY });
    await page.keyboard.press("Control+5");
    await page.getByRole("button", { name: "Raise the budget, 30 images left" }).click();
    await field().waitFor();
  });
});

describe("requests that were under way when the app was closed", () => {
  const WHY = /^3 requests were in flight when Fieldmark was closed\. They may have been billed, up to \$0\.\d+, and/;

  it("are made again only with consent", async () => {
    await openRun({ query: "priced&key&interrupted" });
    await page.keyboard.press("Space");
    const dialog = page.getByRole("dialog", { name: "Resume run 3?" });
    await dialog.getByText(WHY).waitFor();
    await dialog.getByRole("button", { name: "Not now" }).press("Enter");
    await dialog.waitFor({ state: "hidden" });
    await page.getByRole("heading", { name: "Interrupted" }).waitFor();
    await page.keyboard.press("Space");
    await dialog.getByRole("button", { name: "Send again and resume" }).press("Enter");
    await page.getByRole("button", { name: "Pause" }).waitFor();
  });

  it("are asked about again in the moment after the question was put away", async () => {
    await openRun({ query: "priced&key&interrupted" });
    await page.keyboard.press("Space");
    const dialog = page.getByRole("dialog", { name: "Resume run 3?" });
    await dialog.getByText(WHY).waitFor();
    // A dialog tells that it was closed a moment after it was: here it is open anew by then.
    await dialog.getByRole("button", { name: "Not now" }).evaluate(async (notNow: HTMLElement) => {
      notNow.click();
      while (document.querySelector("[aria-modal=true]")) await Promise.resolve();
      window.dispatchEvent(new KeyboardEvent("keydown", { key: " " }));
    });
    await page.waitForTimeout(200);
    expect(await dialog.isVisible()).toBe(true);
  });

  it("are asked about in history too", async () => {
    page = await open(browser, { query: "priced&key&interrupted" });
    await agree(page);
    await page.keyboard.press("Control+5");
    await page.getByRole("button", { name: "Resume, 30 images left" }).click();
    await page.getByRole("dialog", { name: "Resume run 3?" }).getByText(WHY).waitFor();
    await page.getByRole("button", { name: "Send again and resume" }).click();
    await page.getByRole("button", { name: "Pause" }).waitFor();
  });
});
