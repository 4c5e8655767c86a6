/** Models elsewhere: what they cost, what leaves, the key, and what a run with them says. */
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";

import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from "vitest";

import type { Quote } from "../src/api/bindings";
import { money } from "../src/messages/format";
import {
  agree,
  expectAccessible,
  expectNothingCut,
  hostOf,
  launch,
  open,
  type Opening,
  sceneOf,
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

/** Enters another base URL, until the core has it. */
async function saveAddress(address: string): Promise<void> {
  await page.getByLabel("Base URL").fill(address);
  await page.keyboard.press("Enter");
  await page.getByText(new URL(address).host, { exact: true }).waitFor();
}

/** There is no keychain where the tests run. */
const KEPT = "A key is kept in memory until the server stops, because no keychain is available.";

/** Serves this list of models below `path`, as a gateway does, until the test has ended; returns its base URL. */
async function serveModels(path: string, models: readonly string[]): Promise<string> {
  const gateway = createServer((request, response) => {
    const isList = request.url?.startsWith(`${path}/v1/models?`);
    const answer = { data: models.map((id) => ({ type: "model", id })), has_more: false };
    response.writeHead(isList ? 200 : 404, { "content-type": "application/json" }).end(JSON.stringify(answer));
  });
  await new Promise<void>((listening) => gateway.listen(0, "127.0.0.1", listening));
  onTestFinished(() => void gateway.close());
  return `http://127.0.0.1:${(gateway.address() as AddressInfo).port}${path}`;
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
    await openPlan({ query: "priced&key&images=214&held=rate_limited", theme, width, height });
    await page.getByRole("button", { name: /^Annotate .*, about/ }).click();
    await page.getByRole("dialog", { name: `Send 214 images to ${hostOf(page)}?` }).waitFor();
    await screenshot(page, `plan-agree-${theme}-${width}`);
    await expectNothingCut(page);
    await expectAccessible(page);
    await page.getByRole("button", { name: `Send 214 images to ${hostOf(page)}` }).click();
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
    const models = ["claude-haiku-5-5", "claude-opus-5-5"];
    const gateway = await serveModels("/with/a/rather/long/path", models);
    await saveAddress(gateway);
    await page.getByLabel("Key", { exact: true }).fill("sk-ant-1");
    await page.keyboard.press("Enter");
    await page.getByText("because no keychain is available").waitFor();
    await page.getByRole("button", { name: "Test connection" }).click();
    await page
      .getByText(`${new URL(gateway).host} accepts the key but does not have claude-sonnet-5-5. It has:`)
      .waitFor();
    for (const model of models) await page.getByText(model, { exact: true }).waitFor();
    await screenshot(page, `settings-checked-${theme}-${width}`);
    await expectNothingCut(page);
    await expectAccessible(page);
  });
});

describe("a model that needs a key", () => {
  it("says so once, keeps its price, and leads to where a key is entered", async () => {
    page = await open(browser, { query: "priced" });
    const quoted = page.waitForResponse("**/api/call/quote");
    await page.keyboard.press("Control+2");
    const { models } = (await (await quoted).json()) as Quote;
    const opus = models.find(({ model }) => model.name === "Claude Opus 5.5")?.cost_dollars?.expected ?? 0;
    expect(opus).toBeGreaterThan(0.1);
    await page.getByRole("heading", { name: /^Quote for/ }).waitFor();
    expect(await page.getByText(`A key is needed for ${hostOf(page)}`).count()).toBe(1);
    await page.getByRole("radio", { name: "Claude Opus 5.5" }).check();
    const annotate = page.getByRole("button", { name: `Annotate 60 images, about ${money(opus)}`, exact: true });
    expect(await annotate.isDisabled()).toBe(true);
    await page.getByRole("button", { name: "Enter a key" }).first().click();
    await page.waitForFunction(() => document.activeElement?.id === "anthropic-key");
    await page.keyboard.type("sk-ant-1");
    await page.keyboard.press("Enter");
    await page.getByText(KEPT).waitFor();
    await page.keyboard.press("Control+2");
    await expect.poll(() => annotate.isEnabled()).toBe(true);
    expect(await page.getByText(`A key is needed for ${hostOf(page)}`).count()).toBe(0);
  });

  it("can be locked out, and the plan leads to the lock", async () => {
    await openSettings({ query: "priced&key" });
    // The lock does not concern a server on this machine.
    await saveAddress("https://gateway.example");
    await page.getByRole("contentinfo").getByText("Key from the environment, metadata stripped").waitFor();
    await page.keyboard.press("Control+2");
    await page.getByRole("button", { name: /^Annotate 60 images, about/, disabled: false }).waitFor();
    await page.getByRole("button", { name: "Settings" }).click();
    await showSettingsPage(page, "Privacy");
    const saved = page.waitForResponse("**/api/call/change_settings");
    await page.getByRole("switch", { name: /^Keep everything on the server/ }).check();
    await page.getByRole("contentinfo").getByText("Locked to the server").waitFor();
    await saved;
    await page.keyboard.press("Control+2");
    await page.getByText("Everything is locked to the server").first().waitFor();
    await page.getByRole("radio", { name: "Claude Haiku 5.5" }).check();
    await expect.poll(() => page.getByRole("button", { name: /^Annotate 60 images, about/ }).isDisabled()).toBe(true);
    await page.getByRole("button", { name: "Unlock in Settings" }).first().click();
    await page.waitForFunction(() => document.activeElement?.id === "privacy-lock");
    await page.keyboard.press("Space");
    await page.getByRole("contentinfo").getByText("Key from the environment, metadata stripped").waitFor();
  });
});

describe("before images leave for the first time", () => {
  it("one reads what goes and can say no", async () => {
    await openPlan({ query: "priced&key" });
    await page.keyboard.press("Control+Enter");
    const dialog = page.getByRole("dialog", { name: `Send 60 images to ${hostOf(page)}?` });
    await dialog.getByText(`60 JPEGs, 640 px at most, to ${hostOf(page)}`).waitFor();
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
    await page.getByRole("button", { name: `Revoke for ${hostOf(page)}` }).click();
    await page.keyboard.press("Control+2");
    // What the runs before have answered by then is not sent again.
    await page.getByRole("button", { name: /^Annotate .*, about/, disabled: false }).click();
    await page.getByRole("dialog", { name: new RegExp(`^Send \\d+ images to ${hostOf(page)}\\?$`) }).waitFor();
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
    await page.getByText(KEPT).waitFor();
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
    await openSettings({ query: "priced" });
    await page.getByLabel("Key", { exact: true }).fill("sk-scene-0000");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Replace" }).press("Enter");
    await page.getByLabel("Key", { exact: true }).fill("sk-simulated-wrong");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Replace" }).waitFor();
    await page.getByRole("button", { name: "Test connection" }).press("Enter");
    await page.getByText(`${hostOf(page)} rejected the key.`).waitFor();
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

it("says that an address is no address, and keeps what was typed", async () => {
  await openSettings({ query: "priced&key" });
  await page.getByLabel("Base URL").fill("nonsense");
  await page.keyboard.press("Enter");
  await page.getByRole("status").getByText("This address cannot be used.").waitFor();
  expect(await page.getByLabel("Base URL").inputValue()).toBe("nonsense");
  await page.reload();
  expect(await page.getByLabel("Base URL").inputValue()).toBe(sceneOf(page).simulator[0]);
});

it("says that an address in the settings file is no address, and goes back to the vendor's own", async () => {
  await openSettings({ query: "priced&key" });
  const { library, simulator } = sceneOf(page);
  const file = join(dirname(library), "settings.toml");
  const settings = await readFile(file, "utf8");
  await writeFile(file, settings.replace(simulator[0] ?? "", "nonsense"));
  await page.reload();
  await page.getByRole("alert").getByText("nonsense: this is not a valid address").waitFor();
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
    await bar().getByText("Nothing leaves the server").waitFor();
    await page.context().close();
    await openPlan({ query: "priced&key" });
    await bar().getByText("Key from the environment, metadata stripped").waitFor();
    await send();
    await bar()
      .getByText(`To ${hostOf(page)}`)
      .waitFor();
    await page.keyboard.press("Control+1");
    await bar()
      .getByText(`To ${hostOf(page)}`)
      .waitFor({ state: "hidden" });
  });

  it("is said in the welcome as it is", async () => {
    page = await open(browser, { query: "images=0" });
    await page.getByRole("listitem").filter({ hasText: "Nothing leaves the server" }).waitFor();
    await page.context().close();
    page = await open(browser, { query: "images=0&key" });
    await page.getByText("You see what is sent, and where, before it is sent").waitFor();
    expect(await page.getByText("Nothing leaves the server").count()).toBe(0);
  });
});

it("holds a run that cannot reach its server, and says to whom", async () => {
  await openPlan({ query: "priced&key&held=unreachable" });
  await send();
  await notice()
    .getByText(new RegExp(`^${hostOf(page)} cannot be reached: trying again in \\d+ s$`))
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
  await agree(page);
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
