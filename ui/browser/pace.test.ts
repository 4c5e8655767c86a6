/** Runs elsewhere as they go: answers on their way, ways to the model, what costs nothing, another try, and batches. */
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

import type { CostRange, ModelQuote, Quote } from "../src/api/bindings";
import { words } from "../src/messages";
import { money } from "../src/messages/format";
import {
  agree,
  call,
  changeSettings,
  expectAccessible,
  expectNothingCut,
  launch,
  open,
  type Opening,
  sceneOf,
  screenshot,
} from "./browser";

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
const haiku = () => page.getByRole("radio", { name: "Claude Haiku 5.5" });
const panel = () => page.getByRole("complementary", { name: "Needs you" });

async function openPlan(opening: Opening = {}): Promise<void> {
  page = await open(browser, { query: "priced&key", ...opening });
  await page.keyboard.press("Control+2");
  await page.getByRole("heading", { name: /^Quote for/ }).waitFor();
}

/** The plan for the model of the past. */
async function openHaiku(opening: Opening): Promise<void> {
  await openPlan(opening);
  await haiku().click();
  await quoted();
}

/** What the core quotes for it and the first recipe. */
async function quoteOf(ignoresSavedAnswers = false): Promise<ModelQuote> {
  const request = {
    images: { kind: "all" },
    recipe: 1,
    propagates_to_similar: false,
    ignores_saved_answers: ignoresSavedAnswers,
    options: { max_tokens: null },
    pilot: null,
    budget_dollars: null,
  };
  const { models } = await call<Quote>(page, "quote", { request });
  const found = models.find(({ model }) => model.name === "Claude Haiku 5.5");
  if (!found) throw new Error("the model is not listed");
  return found;
}

/** As the plan shows an expected cost. */
const about = (cost: CostRange | null) => words.plan.about(money(cost?.expected ?? 0));

/** Until the server has worked off all its batches. */
async function batchesEnded(): Promise<void> {
  const [server] = sceneOf(page).simulator;
  const headers = { "x-api-key": "sk-scene-0000", "anthropic-version": "2023-06-01" };
  const states = async (): Promise<string[]> => {
    const response = await page.request.get(`${server}/v1/messages/batches`, { headers });
    const { data } = (await response.json()) as { data: { processing_status: string }[] };
    return data.map(({ processing_status }) => processing_status);
  };
  await expect.poll(states, { timeout: 50_000 }).toEqual(["ended", "ended", "ended"]);
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
    await sceneOf(page).steer("fail", 0, { fault: "rate_limited", retry_after_seconds: 9 });
    await page.getByText(/^Rate limit reached: sending again in \d s$/).waitFor();
    await screenshot(page, `run-pace-${theme}-${width}`);
    await expectNothingCut(page);
    await expectAccessible(page);
  });

  it("answers on their way show as they come", async () => {
    await openPlan({ query: "priced&key&images=240", theme, width, height });
    await send();
    await page.locator("svg .preview").first().waitFor();
    await picturesLoaded();
    await screenshot(page, `run-previews-${theme}-${width}`);
    await expectNothingCut(page);
    await expectAccessible(page);
  });

  it("a batch that may have been taken is looked for, and its answers are saved", async () => {
    await openHaiku({ query: "priced&key&images=24", theme, width, height });
    await page.getByRole("radio", { name: /^Batch/ }).check({ force: true });
    await quoted();
    await sceneOf(page).steer("fail-next", 0, [{ fault: "batch_reply_lost" }]);
    await send();
    await page.getByText("Sent, not confirmed").waitFor();
    await page.getByText("You can close this page").waitFor();
    await screenshot(page, `run-batch-unconfirmed-${theme}-${width}`);
    await expectNothingCut(page);
    await expectAccessible(page);
    await page.getByText("Ended, results saved").waitFor();
    await page.getByText("Completed", { exact: true }).waitFor();
  });

  it("a batch run shows its batches, and the morning its sum", async () => {
    page = await open(browser, { query: "priced&key&batch&images=240", theme, width, height });
    await batchesEnded();
    await page.keyboard.press("Control+3");
    await page.getByText("In progress").nth(1).waitFor();
    await page.getByRole("button", { name: /^Resume, 2\d\d images left/ }).click();
    await page.getByText("Ended, results saved").first().waitFor();
    await screenshot(page, `run-batch-${theme}-${width}`);
    await page.getByText(/^Batch run 3 is done: 240 images done, 0 failed, /).waitFor();
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
    await openHaiku({ query: "priced&key&answered&similar&images=214", theme, width, height });
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
    await openHaiku({ query: "priced&key&images=12" });
    await changeSettings(page, ({ run }) => ({ run: { ...run, retry_attempts: 0 } }));
    await sceneOf(page).steer("fail-next", 0, [{ fault: "refusal" }, { fault: "internal_error" }]);
    await send();
    await page.getByText("Completed", { exact: true }).waitFor();
    await panel().getByText("A retry would give the same result, so it is not retried.").waitFor();
    const failed = words.run.failures.model_failed.title;
    await panel().getByText(failed, { exact: true }).waitFor();
    expect(await page.getByRole("button", { name: /^Resume/ }).count()).toBe(0);
    await page.getByRole("button", { name: "Retry 1 failed" }).click();
    await panel().getByText(failed, { exact: true }).waitFor({ state: "hidden" });
    await page.getByText("Completed", { exact: true }).waitFor();
    await panel().getByText("Model declined", { exact: true }).waitFor();
    expect(await page.getByRole("button", { name: /^Retry/ }).count()).toBe(0);
  });

  it("offers the same in history", async () => {
    page = await open(browser, { query: "priced&key" });
    await agree(page);
    await page.keyboard.press("Control+5");
    await page.getByRole("button", { name: "Retry 2 failed" }).click();
    await page.getByRole("progressbar", { name: "Progress of the run" }).waitFor();
    await page.getByRole("heading", { name: "Run 2" }).waitFor();
    await page.getByText("Completed", { exact: true }).waitFor();
    await page.getByText("51 annotated").waitFor();
  });

  it("reuses answers, propagates annotations, and says so in its report too", async () => {
    await openHaiku({ query: "priced&key&answered&similar&images=120" });
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
    const [, frankfurt = "", second = ""] = sceneOf(page).simulator.map((url) => new URL(url).host);
    const through = `through your additional endpoints, to Frankfurt (${frankfurt}), Second account (${second})`;
    await page.getByText(through).waitFor();
    await send();
    const pace = page.getByRole("region", { name: "Pace" });
    await pace.getByTitle(/^the server refused: status 401/).waitFor();
    await pace.getByText("wrong key").waitFor();
    // The third has no key.
    expect(await pace.getByRole("listitem").count()).toBe(4);
    expect(await pace.getByText("Not used").count()).toBe(2);
    await pace.getByText(/^Strictest limit: 600 requests per minute$/).waitFor();
  });
});

describe("the plan", () => {
  it("says the full price where every image is asked about anew, once", async () => {
    await openHaiku({ query: "priced&key&answered" });
    const [{ cost_dollars: rest, answered_before: answered }, { cost_dollars: full }] = [
      await quoteOf(),
      await quoteOf(true),
    ];
    expect(rest?.expected).toBeLessThan((full?.expected ?? 0) / 3);
    await page.getByRole("button", { name: words.plan.annotateNew(60 - answered, answered, about(rest)) }).waitFor();
    await page.getByRole("switch", { name: "Ignore saved answers" }).check();
    await page.getByRole("button", { name: words.plan.annotate(60, about(full)) }).waitFor();
    await send();
    expect(await page.getByText("reused at no cost").count()).toBe(0);
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.keyboard.press("Control+2");
    expect(await page.getByRole("switch", { name: "Ignore saved answers" }).isChecked()).toBe(false);
  });

  it("starts a batch run at half the price, by the keyboard", async () => {
    await openHaiku({ query: "priced&key" });
    await page.getByRole("radio", { name: /^Live/ }).focus();
    await page.keyboard.press("ArrowRight");
    const { cost_dollars: live, batch_dollars: batch } = await quoteOf();
    expect(batch?.expected).toBeCloseTo((live?.expected ?? 0) / 2, 4);
    await page.getByRole("button", { name: words.plan.annotate(60, about(batch)) }).waitFor();
    await page.getByText("live only").first().waitFor();
    await page.getByRole("radio", { name: "Built-in detector" }).click();
    await page.getByRole("button", { name: "Annotate 60 images, $0" }).waitFor();
    expect(await page.getByRole("radio", { name: /^Batch/ }).count()).toBe(0);
    await haiku().click();
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
    await page.getByText("The key comes from the environment variable SCENE_KEY; it is not stored.").waitFor();
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
