/** Models elsewhere: what they cost, what leaves, the key, and what a run with them says. */
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

import {
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
  ["dark", 960, 600],
  ["light", 1280, 800],
] as const;

async function openPlan(opening: Opening): Promise<void> {
  page = await open(browser, opening);
  await page.keyboard.press("Control+2");
  await page.getByRole("heading", { name: /^Quote for/ }).waitFor();
}

async function openSettings(opening: Opening): Promise<void> {
  page = await open(browser, opening);
  await page.getByRole("button", { name: "Settings" }).click();
  await page.getByRole("button", { name: "Test connection" }).waitFor();
}

/** The notice that nothing is sent for a moment. */
const notice = () => page.locator(".wait");

/** Starts a run with a model elsewhere, and agrees to it. */
async function send(): Promise<void> {
  await page.getByRole("button", { name: /^Annotate .*, about/ }).click();
  await page.getByRole("button", { name: /^Send / }).click();
  await page.getByRole("button", { name: "Pause" }).waitFor();
}

describe.each(LOOKS)("in the %s theme, at %i x %i", (theme, width, height) => {
  it("fifteen models with their prices fit", async () => {
    await openPlan({ query: "priced&images=12000", theme, width, height });
    expect(await page.getByRole("radio", { name: /^(Claude|Built-in)/ }).count()).toBe(15);
    await screenshot(page, `plan-without-key-${theme}-${width}`);
    await expectNothingCut(page);
    await expectAccessible(page);
    await page.context().close();
    await openPlan({ query: "priced&key&images=12000", theme, width, height });
    await page.getByRole("button", { name: /^Annotate 12,000 images, about/ }).waitFor();
    await screenshot(page, `plan-with-key-${theme}-${width}`);
    await expectNothingCut(page);
    await expectAccessible(page);
  });

  it("a run with them, held for a moment, fits", async () => {
    await openPlan({ query: "priced&key&images=214", theme, width, height });
    await page.getByRole("button", { name: /^Annotate .*, about/ }).click();
    await page.getByRole("dialog", { name: "Send 214 images to api.anthropic.com?" }).waitFor();
    await screenshot(page, `plan-agree-${theme}-${width}`);
    await expectNothingCut(page);
    await expectAccessible(page);
    await page.getByRole("button", { name: "Send 214 images to api.anthropic.com" }).click();
    await notice()
      .getByText(/^Rate limit reached: sending again in \d s$/)
      .waitFor();
    await screenshot(page, `run-held-${theme}-${width}`);
    await expectNothingCut(page);
    await notice().waitFor({ state: "hidden" });
    await page.getByText("projected").waitFor();
    await screenshot(page, `run-priced-${theme}-${width}`);
    await expectAccessible(page);
  });

  it("a run that stopped by itself says what to do, and its report what it cost", async () => {
    page = await open(browser, { query: "priced&key&stopped=key_rejected", theme, width, height });
    await page.keyboard.press("Control+3");
    await page.getByText("The server rejected the key. Enter another key in Settings, then resume.").waitFor();
    await page.getByText("Details: invalid x-api-key").waitFor();
    await screenshot(page, `run-stopped-${theme}-${width}`);
    await expectNothingCut(page);
    await expectAccessible(page);
    await page.keyboard.press("Control+5");
    await page.getByRole("row", { name: /Run 2/ }).click();
    await page.getByRole("heading", { name: "Estimated and actual cost" }).waitFor();
    await page.getByText("Labels renamed, such as “kitty”").waitFor();
    await screenshot(page, `history-priced-${theme}-${width}`);
    await expectNothingCut(page);
    await expectAccessible(page);
  });

  it("the settings of the way there fit", async () => {
    await openSettings({ query: "priced&keychainless", theme, width, height });
    await screenshot(page, `settings-claude-${theme}-${width}`);
    await expectNothingCut(page);
    await expectAccessible(page);
    await page.getByLabel("Base URL").fill("http://gateway.example/with/a/rather/long/path");
    await page.keyboard.press("Enter");
    await page.getByLabel("Key", { exact: true }).fill("sk-ant-1");
    await page.keyboard.press("Enter");
    await page.getByText("because no keychain is available").waitFor();
    await page.getByRole("button", { name: "Test connection" }).click();
    await page.getByText("gateway.example accepts the key but does not have claude-haiku-5-5. It has:").waitFor();
    await page.getByText("claude-opus-5-5", { exact: true }).waitFor();
    await screenshot(page, `settings-checked-${theme}-${width}`);
    await expectNothingCut(page);
    await expectAccessible(page);
  });
});

describe("a model that needs a key", () => {
  it("says so once, keeps its price, and leads to where a key is entered", async () => {
    await openPlan({ query: "priced" });
    expect(await page.getByText("A key is needed for api.anthropic.com").count()).toBe(1);
    await page.getByRole("radio", { name: "Claude Opus 5.5" }).check();
    expect(await page.getByRole("button", { name: "Annotate 60 images, about $0.68" }).isDisabled()).toBe(true);
    await page.getByRole("button", { name: "Enter a key" }).click();
    await page.waitForFunction(() => document.activeElement?.id === "anthropic-key");
    await page.keyboard.type("sk-ant-1");
    await page.keyboard.press("Enter");
    await page.getByText("A key is stored in the system keychain.").waitFor();
    await page.keyboard.press("Control+2");
    await page.getByRole("button", { name: "Annotate 60 images, about $0.68", disabled: false }).waitFor();
    expect(await page.getByText("A key is needed").count()).toBe(0);
  });

  it("can be locked out, and the plan leads to the lock", async () => {
    await openPlan({ query: "priced&key" });
    await page.getByRole("button", { name: "Settings" }).click();
    await showSettingsPage(page, "Privacy");
    await page.getByRole("switch", { name: /^Keep everything on this machine/ }).check();
    await page.getByRole("contentinfo").getByText("Locked to this machine").waitFor();
    await page.keyboard.press("Control+2");
    await page.getByText("Everything is locked to this machine").waitFor();
    await page.getByRole("button", { name: "Unlock in Settings" }).click();
    await page.waitForFunction(() => document.activeElement?.id === "privacy-lock");
    await page.keyboard.press("Space");
    await page.getByRole("contentinfo").getByText("Key in the OS keychain, metadata stripped").waitFor();
  });
});

describe("before images leave for the first time", () => {
  it("one reads what goes and can say no", async () => {
    await openPlan({ query: "priced&key" });
    await page.keyboard.press("Control+Enter");
    const dialog = page.getByRole("dialog", { name: "Send 60 images to api.anthropic.com?" });
    await dialog.getByText("60 JPEGs, 640 px at most, to api.anthropic.com").waitFor();
    await dialog.getByRole("button", { name: "Show the exact prompt" }).click();
    const wordsSent = page.getByRole("dialog", { name: "Exact prompt" });
    await wordsSent.getByText("- traffic light").waitFor();
    await expectAccessible(page);
    await page.keyboard.press("Escape");
    await wordsSent.waitFor({ state: "hidden" });
    await dialog.getByRole("button", { name: "Not now" }).click();
    await dialog.waitFor({ state: "hidden" });
    expect(await page.getByRole("heading", { name: "Quote for 60 images" }).isVisible()).toBe(true);
  });

  it("one is asked once, and asked again after taking it back", async () => {
    await openPlan({ query: "priced&key" });
    await send();
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.keyboard.press("Control+2");
    await page.getByRole("button", { name: /^Annotate .*, about/, disabled: false }).click();
    await page.getByRole("button", { name: "Pause" }).waitFor();
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("button", { name: "Settings" }).click();
    await showSettingsPage(page, "Privacy");
    await page.getByRole("button", { name: "Revoke for api.anthropic.com" }).click();
    await page.keyboard.press("Control+2");
    // What the runs before have answered by then is not sent again.
    await page.getByRole("button", { name: /^Annotate .*, about/, disabled: false }).click();
    await page.getByRole("dialog", { name: /^Send \d+ images to api.anthropic.com\?$/ }).waitFor();
  });
});

describe("a key", () => {
  const KEY = "sk-ant-api03-k3yN0wh3r3T0BeF0und";

  it("is nowhere to be found once it was handed over", async () => {
    await openSettings({ query: "priced" });
    const said: string[] = [];
    page.on("console", (message) => said.push(message.text()));
    const field = page.getByLabel("Key", { exact: true });
    expect(await field.getAttribute("type")).toBe("password");
    expect(await field.getAttribute("autocomplete")).toBe("off");
    await field.focus();
    await page.keyboard.type(KEY);
    await page.keyboard.press("Enter");
    await page.getByText("A key is stored in the system keychain.").waitFor();
    await page.waitForFunction(() => document.activeElement?.textContent === "Replace");
    const places = await page.evaluate(() => [
      document.documentElement.outerHTML,
      ...[...document.querySelectorAll("input")].map(({ value }) => value),
      JSON.stringify({ ...localStorage, ...sessionStorage }),
      JSON.stringify(history.state),
      location.href,
      document.cookie,
    ]);
    for (const place of [...places, ...said]) expect(place).not.toContain(KEY);
    expect(await memoryOf(page)).not.toContain(KEY);
  });

  it("would be found there, had something kept it", async () => {
    await openSettings({ query: "priced" });
    await page.evaluate((key) => Object.assign(window, { kept: { deep: [key] } }), KEY);
    expect(await memoryOf(page)).toContain(KEY);
  });

  it("leaves the field with the screen, typed to the end or not", async () => {
    await openSettings({ query: "priced" });
    await page.getByLabel("Key", { exact: true }).fill(KEY);
    await page.keyboard.press("Control+2");
    await page.getByRole("button", { name: "Settings" }).click();
    expect(await page.getByLabel("Key", { exact: true }).inputValue()).toBe("");
  });

  it("is replaced, tested and forgotten by the keyboard", async () => {
    await openSettings({ query: "priced&key" });
    await page.getByRole("button", { name: "Replace" }).press("Enter");
    await page.getByLabel("Key", { exact: true }).fill("sk-ant-wrong");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Test connection" }).press("Enter");
    await page.getByText("api.anthropic.com rejected the key.").waitFor();
    await page.getByRole("button", { name: "Remove key" }).press("Enter");
    await page.getByText("There is no key yet.").waitFor();
    await page.waitForFunction(() => document.activeElement?.id === "anthropic-key");
    expect(await page.getByText("rejected the key").count()).toBe(0);
  });

  it("of the environment is only read", async () => {
    await openSettings({ query: "priced&environment" });
    await page.getByText("ANTHROPIC_API_KEY").waitFor();
    for (const name of ["Replace", "Remove key", "Save"])
      expect(await page.getByRole("button", { name }).count()).toBe(0);
    for (const name of ["Key", "Base URL", "Concurrency"])
      expect(await page.getByRole("textbox", { name, exact: true }).count()).toBe(0);
    await expectAccessible(page);
    await showSettingsPage(page, "Requests");
    await page
      .getByText("Set by the environment variable CONCURRENCY", { exact: false })
      .or(page.getByText("Set by CONCURRENCY"))
      .waitFor();
    expect(await page.getByRole("textbox", { name: "Concurrency", exact: true }).count()).toBe(0);
    await expectAccessible(page);
  });
});

it("says that an address is no address, and goes back to the vendor's own", async () => {
  await openSettings({ query: "priced&key" });
  await page.getByLabel("Base URL").fill("nonsense");
  await page.keyboard.press("Enter");
  await page.getByRole("alert").getByText("is no address of a server").waitFor();
  await page.getByRole("button", { name: "Use Anthropic’s" }).click();
  await page.getByRole("alert").waitFor({ state: "hidden" });
  expect(await page.getByLabel("Base URL").inputValue()).toBe("https://api.anthropic.com");
});

it("takes a number at once within its range", async () => {
  await openSettings({ query: "priced" });
  await showSettingsPage(page, "Requests");
  const field = page.getByLabel("Concurrency");
  await field.fill("200");
  await field.press("Tab");
  await page.getByText("Enter a whole number from 1 to 64.").waitFor();
  await field.fill("");
  await field.press("Tab");
  await page.getByText("Enter a whole number from 1 to 64.").waitFor({ state: "hidden" });
  expect(await field.inputValue()).toBe("");
  expect(await field.getAttribute("placeholder")).toBe("Automatic");
});

describe("what leaves this machine", () => {
  const bar = () => page.getByRole("contentinfo");

  it("is said in the status bar, wherever images go", async () => {
    page = await open(browser);
    await bar().getByText("Nothing leaves this machine").waitFor();
    await page.context().close();
    await openPlan({ query: "priced&key" });
    await bar().getByText("Key in the OS keychain, metadata stripped").waitFor();
    await send();
    await bar().getByText("To api.anthropic.com").waitFor();
    await page.keyboard.press("Control+1");
    await bar().getByText("To api.anthropic.com").waitFor({ state: "hidden" });
  });

  it("is said in the welcome as it is", async () => {
    page = await open(browser, { query: "images=0" });
    await page.getByRole("listitem").filter({ hasText: "Nothing leaves this machine" }).waitFor();
    await page.context().close();
    page = await open(browser, { query: "images=0&key" });
    await page.getByText("You see what is sent, and where, before it is sent").waitFor();
    expect(await page.getByText("Nothing leaves this machine").count()).toBe(0);
  });
});

it("holds a run that cannot reach its server, and says to whom", async () => {
  await openPlan({ query: "priced&key&held=unreachable" });
  await send();
  await notice()
    .getByText(/^api.anthropic.com cannot be reached: trying again in \d s$/)
    .waitFor();
  await notice().getByText("connection refused (os error 111)").waitFor();
});

it.each([
  ["no_credit", "The account has no credit left.", null],
  ["not_such_a_server", "The server at api.anthropic.com is not a compatible server.", "Open Settings"],
  ["batch_canceled", "A batch was canceled at api.anthropic.com, but not by Fieldmark.", null],
  ["answers_unreadable", "The answers of api.anthropic.com cannot be read", "Open Settings"],
  ["wait_too_long", "requires a wait of more than an hour", "Open Settings"],
  ["request_refused", "api.anthropic.com refuses every request of this run for the same reason.", "Plan a run"],
])("leads out of %s", async (reason, why, way) => {
  page = await open(browser, { query: `priced&key&stopped=${reason}` });
  await page.keyboard.press("Control+3");
  await page.getByText(why).waitFor();
  await page.getByRole("button", { name: /^Resume, 30 images left/ }).waitFor();
  if (way) await page.getByRole("button", { name: way }).click();
  else expect(await page.getByRole("button", { name: /Open Settings|Plan a run/ }).count()).toBe(0);
});

it("offers to give up a batch that the server does not know, and asks first", async () => {
  page = await open(browser, { query: "priced&key&stopped=batch_unknown" });
  await page.keyboard.press("Control+3");
  await page.getByText("api.anthropic.com does not know a batch of this run.").waitFor();
  await page.getByRole("button", { name: "Give up 30 in unknown batches" }).click();
  await page
    .getByText(/30 images were sent in batches that the server does not know\. They may have been billed/)
    .waitFor();
  await page.getByRole("button", { name: "Give up and send again" }).click();
  await page.getByRole("button", { name: /^Pause/ }).waitFor();
});

/** All that the page's program holds, as the browser's own memory snapshot tells it. */
async function memoryOf(looked: Page): Promise<string> {
  const session = await looked.context().newCDPSession(looked);
  const chunks: string[] = [];
  session.on("HeapProfiler.addHeapSnapshotChunk", ({ chunk }) => chunks.push(chunk));
  await session.send("HeapProfiler.collectGarbage");
  await session.send("HeapProfiler.takeHeapSnapshot", { reportProgress: false });
  await session.detach();
  return chunks.join("");
}
