/** Runs elsewhere as they go: answers on their way, ways to the model, what costs nothing, another try, and batches. */
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

import { expectAccessible, expectNothingCut, launch, open, type Opening, screenshot } from "./browser";

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

const go = () => page.getByRole("button", { name: /^Annotate / });
const panel = () => page.getByRole("complementary", { name: "Needs you" });

async function openPlan(opening: Opening = {}): Promise<void> {
  page = await open(browser, { query: "priced&key", ...opening });
  await page.keyboard.press("Control+2");
  await page.getByRole("heading", { name: /^Quote for/ }).waitFor();
}

/** Until the quote is that of what was chosen last. */
async function quoted(): Promise<void> {
  await page.waitForFunction(() => document.querySelector('[aria-busy="true"]') === null);
}

async function send(): Promise<void> {
  await go().click();
  const agree = page.getByRole("button", { name: /^Send / });
  await agree
    .or(page.getByRole("button", { name: "Pause" }))
    .first()
    .waitFor();
  if (await agree.isVisible()) await agree.click();
  await page.getByRole("button", { name: "Pause" }).waitFor();
}

async function picturesLoaded(): Promise<void> {
  await page.waitForFunction(() => [...document.images].every((image) => image.complete));
}

describe.each(LOOKS)("in the %s theme, at %i x %i", (theme, width, height) => {
  it("a run over several ways, with dozens in flight, stays tidy", async () => {
    await openPlan({ query: "priced&key&endpoints&images=1400", theme, width, height });
    await page.getByText("Advanced").click();
    await page.getByLabel("Concurrency").fill("64");
    await send();
    await page.getByText(/^longest first, \+\d+ more$/).waitFor();
    await page.locator("svg .preview").first().waitFor();
    await picturesLoaded();
    await page.getByText(/^Rate limit reached: sending again in \d s$/).waitFor();
    await screenshot(page, `run-pace-${theme}-${width}`);
    await expectNothingCut(page);
    await expectAccessible(page);
  });

  it("answers on their way show as they come", async () => {
    await openPlan({ query: "priced&key&images=240", theme, width, height });
    await send();
    await page.locator("svg .preview").nth(5).waitFor();
    await picturesLoaded();
    await screenshot(page, `run-previews-${theme}-${width}`);
    await expectNothingCut(page);
    await expectAccessible(page);
  });

  it("a batch run shows its batches, and the morning its sum", async () => {
    page = await open(browser, { query: "priced&key&batch&images=1400", theme, width, height });
    await page.keyboard.press("Control+3");
    await page.getByText("Sent, not confirmed").first().waitFor();
    await page.getByText("You can close the window").waitFor();
    await screenshot(page, `run-batch-unconfirmed-${theme}-${width}`);
    await expectNothingCut(page);
    await expectAccessible(page);
    await page.getByText("Ended, results saved").first().waitFor();
    await screenshot(page, `run-batch-${theme}-${width}`);
    await page.getByText(/^Batch run 3 is done: /).waitFor();
    await screenshot(page, `run-morning-${theme}-${width}`);
    await expectNothingCut(page);
    await expectAccessible(page);
    await page.keyboard.press("Control+5");
    await page.getByText(/^Batch run 3 is done: /).waitFor();
    await page.getByText("batch", { exact: true }).waitFor();
    await screenshot(page, `history-morning-${theme}-${width}`);
    await expectNothingCut(page);
    await expectAccessible(page);
  });

  it("a plan says what is not paid again, what is propagated, and what a batch costs", async () => {
    await openPlan({ query: "priced&key&answered&similar&images=214", theme, width, height });
    await page.getByText(/^\d+ of 214 have saved answers: not billed again$/).waitFor();
    await screenshot(page, `plan-answered-${theme}-${width}`);
    await expectNothingCut(page);
    await expectAccessible(page);
    await page.getByRole("radio", { name: /^Batch/ }).check({ force: true });
    await page.getByRole("switch", { name: /near-duplicates?/ }).check();
    // How many of a batch are worked on at once is the vendor's to say.
    await page.getByText("automatic concurrency").waitFor({ state: "hidden" });
    await quoted();
    await screenshot(page, `plan-batch-${theme}-${width}`);
    await expectNothingCut(page);
    await expectAccessible(page);
    await page.getByRole("radio", { name: /^Live/ }).check({ force: true });
    await page.getByRole("switch", { name: "Ignore saved answers" }).check();
    await page.getByText(/have saved answers: billed again$/).waitFor();
    await page.getByText("Advanced").click();
    await quoted();
    await screenshot(page, `plan-anew-${theme}-${width}`);
    await expectNothingCut(page);
    await expectAccessible(page);
  });

  it("the settings of additional endpoints fit", async () => {
    page = await open(browser, { query: "priced&key&endpoints", theme, width, height });
    await page.getByRole("button", { name: "Settings" }).click();
    await page.getByRole("button", { name: "Add an endpoint" }).scrollIntoViewIfNeeded();
    await screenshot(page, `settings-endpoints-${theme}-${width}`);
    await expectNothingCut(page);
    await expectAccessible(page);
    await page.getByRole("button", { name: "Add an endpoint" }).click();
    await page.getByRole("button", { name: "Add", exact: true }).click();
    await page.getByText("Enter a name that no other endpoint has.").waitFor();
    await screenshot(page, `settings-endpoint-${theme}-${width}`);
    await expectNothingCut(page);
    await expectAccessible(page);
  });
});

describe("a run elsewhere", () => {
  it("tries failed images again, apart from going on, and says which are not worth it", async () => {
    await openPlan({ query: "priced&key&images=400" });
    await send();
    await page.getByText("Completed", { exact: true }).waitFor();
    await panel().getByText("A retry would give the same result, so it is not retried.").waitFor();
    expect(await page.getByRole("button", { name: /^Resume/ }).count()).toBe(0);
    await page.getByRole("button", { name: /^Retry \d+ failed$/ }).click();
    await page.getByText("Completed", { exact: true }).waitFor();
    await panel().getByText("File cannot be read").waitFor({ state: "hidden" });
    await panel().getByText("Model declined").waitFor();
    expect(await page.getByRole("button", { name: /^Retry/ }).count()).toBe(0);
  });

  it("offers the same in history", async () => {
    page = await open(browser, { query: "priced&key&images=400" });
    await page.keyboard.press("Control+5");
    await page.getByRole("button", { name: /^Retry \d+ failed$/ }).click();
    await page.getByRole("heading", { name: "Run 2" }).waitFor();
  });

  it("reuses answers, propagates annotations, and says so in its report too", async () => {
    await openPlan({ query: "priced&key&answered&similar&images=400" });
    await page.getByRole("switch", { name: /near-duplicates?/ }).check();
    await quoted();
    await send();
    await page.getByText(/^\d+ answers reused at no cost$/).waitFor();
    await page.getByText(/^\d+ propagated from similar images$/).waitFor();
    await page.getByText("Completed", { exact: true }).waitFor();
    await screenshot(page, "run-reused-dark-1280");
    await page.getByRole("button", { name: "Show the report" }).click();
    await page.getByText("Reused answers").waitFor();
    await page.getByText("Images with propagated annotations").waitFor();
    await expectAccessible(page);
  });

  it("shows an endpoint that is not used, and sends to the others", async () => {
    await openPlan({ query: "priced&key&endpoints&closed&images=1400" });
    await page
      .getByText(/through your additional endpoints, to Frankfurt \(eu\.claude\.example\), Second account/)
      .waitFor();
    await send();
    const pace = page.getByRole("region", { name: "Pace" });
    await pace.getByTitle("invalid x-api-key").waitFor();
    expect(await pace.getByRole("listitem").count()).toBe(3);
    await pace.getByText(/^Strictest limit: 600 requests per minute$/).waitFor();
  });
});

describe("the plan", () => {
  it("says the full price where every image is asked about anew, once", async () => {
    await openPlan({ query: "priced&key&answered" });
    const before = await go().innerText();
    await page.getByRole("switch", { name: "Ignore saved answers" }).check();
    await page.waitForFunction((said) => !document.body.innerText.includes(said), before);
    await page.getByRole("button", { name: "Annotate 60 images, about $0.017" }).waitFor();
    await send();
    expect(await page.getByText("reused at no cost").count()).toBe(0);
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.keyboard.press("Control+2");
    expect(await page.getByRole("switch", { name: "Ignore saved answers" }).isChecked()).toBe(false);
  });

  it("starts a batch run at half the price, by the keyboard", async () => {
    await openPlan();
    await page.getByRole("radio", { name: /^Live/ }).focus();
    await page.keyboard.press("ArrowRight");
    await page.getByRole("button", { name: "Annotate 60 images, about $0.0086" }).waitFor();
    await page.getByText("live only").waitFor();
    await page.getByRole("radio", { name: "Built-in detector" }).click();
    await page.getByRole("button", { name: "Annotate 60 images, $0" }).waitFor();
    expect(await page.getByRole("radio", { name: /^Batch/ }).count()).toBe(0);
    await page.getByRole("radio", { name: "Claude Haiku 5.5" }).click();
    await send();
    await page.getByRole("heading", { name: "Batches" }).waitFor();
    expect(await page.getByRole("heading", { name: "Images per minute" }).count()).toBe(0);
  });

  it("takes a number at once within its range, or is automatic", async () => {
    await openPlan();
    await page.getByText("Advanced").click();
    const field = page.getByLabel("Concurrency");
    await field.fill("900");
    await field.press("Tab");
    await page.getByText("Enter a whole number from 1 to 64.").waitFor();
    expect(await go().isDisabled()).toBe(true);
    await field.fill("6");
    await field.press("Tab");
    await send();
    await page.getByText("concurrency 6, as set").waitFor();
  });
});

describe("additional endpoints", () => {
  const rows = () => page.getByRole("list", { name: "Additional endpoints" }).getByRole("listitem");

  async function openSettings(query: string): Promise<void> {
    page = await open(browser, { query });
    await page.getByRole("button", { name: "Settings" }).click();
    await page.getByRole("button", { name: "Add an endpoint" }).waitFor();
  }

  it("are added, agreed to, given a key, and used", async () => {
    await openSettings("priced&key");
    await page.getByRole("button", { name: "Add an endpoint" }).click();
    const form = page.getByRole("dialog", { name: "Add an endpoint" });
    await form.getByLabel("Name", { exact: true }).fill("Frankfurt");
    await form.getByLabel("Base URL").fill("https://eu.claude.example");
    await form.getByLabel("Requests per minute").fill("lots");
    await page.keyboard.press("Enter");
    await form.getByText("Enter a whole number above 0, or empty.").waitFor();
    await form.getByLabel("Requests per minute").fill("1,200");
    await page.keyboard.press("Enter");
    const agree = page.getByRole("dialog", { name: "Send images to eu.claude.example too?" });
    await expectAccessible(page);
    await screenshot(page, "settings-endpoint-agree-dark-1280");
    await agree.getByRole("button", { name: "Not now" }).click();
    await rows().getByText("You have not allowed sending images to eu.claude.example yet.").waitFor();
    await rows().getByText("https://eu.claude.example, list price, 1,200 requests per minute").waitFor();
    await page.getByRole("button", { name: "Allow…" }).click();
    await agree.getByRole("button", { name: "Send images to eu.claude.example" }).click();
    await rows().getByText("Not used").waitFor();
    await page.getByLabel("Key: Frankfurt").fill("sk-ant-2");
    await page.keyboard.press("Enter");
    await rows().getByText("In use").waitFor();
    // The key of the server for Claude is another one.
    await page.getByRole("button", { name: "Remove key: Frankfurt" }).click();
    await rows().getByText("Not used").waitFor();
    expect(await page.getByText("A key is stored in the system keychain.").count()).toBe(1);
  });

  it("are edited and removed, and the other settings stay", async () => {
    await openSettings("priced&key&endpoints");
    expect(await rows().count()).toBe(3);
    await page.getByLabel("Input tokens").fill("2,000,000");
    await page.keyboard.press("Tab");
    await page.getByRole("button", { name: "Edit Second account" }).click();
    const form = page.getByRole("dialog", { name: "Edit the endpoint" });
    expect(await form.getByLabel("Concurrency").inputValue()).toBe("3");
    await form.getByLabel("Name", { exact: true }).fill("Frankfurt");
    await page.keyboard.press("Enter");
    await form.getByText("Enter a name that no other endpoint has.").waitFor();
    await form.getByLabel("Name", { exact: true }).fill("Dublin");
    await page.keyboard.press("Enter");
    await rows().getByText("Dublin", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Remove Old gateway" }).click();
    await page.waitForFunction(() => !document.body.innerText.includes("Old gateway"));
    expect(await rows().count()).toBe(2);
    expect(await page.getByLabel("Input tokens").inputValue()).toBe("2000000");
    await page.getByLabel("Input tokens").fill("none");
    await page.keyboard.press("Tab");
    await page.getByText("Enter a whole number above 0, or empty.").waitFor();
  });
});
