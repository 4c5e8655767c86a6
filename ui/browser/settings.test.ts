/** The settings: their pages by pointer, keyboard and palette, and what a provider takes. */
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

import type { ConnectionOverview } from "../src/api/bindings";
import { words } from "../src/messages";
import { language } from "../src/messages/language.svelte";
import { pageTitle, SETTINGS_PAGES } from "../src/settings/rows";
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

async function openSettings(opening: Opening = {}): Promise<void> {
  page = await open(browser, { query: "priced&key&endpoints", ...opening });
  await page.keyboard.press("Control+,");
  await page.getByRole("navigation", { name: words.settings.parts }).waitFor();
}

const shown = () => page.locator(".settings nav [aria-current=page]").innerText();
const focused = () => page.evaluate(() => document.activeElement?.id ?? "");

it("pages are reached by keyboard alone", async () => {
  await openSettings();
  const providers = page.getByRole("button", { name: "Providers", exact: true });
  for (let tabs = 0; tabs < 30; tabs += 1) {
    await page.keyboard.press("Tab");
    if (await providers.evaluate((each) => each === document.activeElement)) break;
  }
  const reached = [await shown()];
  for (const _ of SETTINGS_PAGES.slice(1)) {
    await page.keyboard.press("ArrowDown");
    reached.push(await shown());
    await page.getByRole("heading", { name: reached.at(-1) ?? "", exact: true }).waitFor();
  }
  expect(reached).toEqual(SETTINGS_PAGES.map(pageTitle));
  await page.keyboard.press("ArrowDown");
  expect(await shown()).toBe("About");
  await page.keyboard.press("ArrowUp");
  expect(await shown()).toBe("Library and storage");
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Enter");
  expect(await shown()).toBe("Keyboard");
});

it("pages are found in the palette, which puts the keyboard at their first control", async () => {
  await openSettings();
  for (const [page_, control] of [
    ["privacy", "privacy-lock"],
    ["requests", "requests-concurrency"],
    ["hooks", "hook-before_run"],
  ] as const) {
    await page.keyboard.press("Control+k");
    await page.keyboard.type(words.settings.pages.named(pageTitle(page_)));
    await page.keyboard.press("Enter");
    await expect.poll(focused).toBe(control);
    expect(await shown()).toBe(pageTitle(page_));
  }
});

describe("a provider", () => {
  it("takes a name, a price and a concurrency, and keeps the rest", async () => {
    await openSettings();
    const list = page.getByRole("navigation", { name: "Providers" });
    await list.getByRole("button", { name: /^Anthropic/ }).waitFor();
    await page.getByLabel("Name", { exact: true }).fill("Work account");
    await page.keyboard.press("Enter");
    await list.getByRole("button", { name: /^Work account/ }).waitFor();
    await page.getByRole("heading", { name: "Work account" }).waitFor();
    await page.getByLabel("Price (%)").fill("0");
    await page.keyboard.press("Tab");
    await page.getByText("Enter a whole number from 1 to 1,000.").waitFor();
    await page.getByLabel("Price (%)").fill("90");
    await page.keyboard.press("Tab");
    await page.getByText("Enter a whole number from 1 to 1,000.").waitFor({ state: "detached" });
    await page.getByLabel("Concurrency").fill("6");
    await page.keyboard.press("Tab");
    await showSettingsPage(page, "Requests");
    // The concurrency of all providers is another setting.
    expect(await page.getByLabel("Concurrency").inputValue()).toBe("");
    await showSettingsPage(page, "Providers");
    expect(await page.getByLabel("Name", { exact: true }).inputValue()).toBe("Work account");
    expect(await page.getByLabel("Price (%)").inputValue()).toBe("90");
    expect(await page.getByLabel("Concurrency").inputValue()).toBe("6");
    expect(await page.getByRole("list", { name: "Additional endpoints" }).getByRole("listitem").count()).toBe(3);
    await page.getByLabel("Name", { exact: true }).fill("");
    await page.keyboard.press("Enter");
    await list.getByRole("button", { name: /^Anthropic/ }).waitFor();
  });

  it("is set up by a region and a key where the vendor has regions", async () => {
    await openSettings({ query: "priced" });
    const row = page.getByRole("navigation", { name: "Providers" }).getByRole("button", { name: /^Amazon Bedrock/ });
    await row.click();
    const region = page.getByLabel("Region", { exact: true });
    expect(await region.inputValue()).toBe("us-east-1");
    await region.fill("eu-west-1");
    await page.keyboard.press("Enter");
    await row.filter({ hasText: "bedrock-mantle.eu-west-1.api.aws" }).waitFor();
    expect(await region.inputValue()).toBe("eu-west-1");
    await page.getByLabel("Key", { exact: true }).fill("bedrock-1");
    await page.keyboard.press("Enter");
    await row.filter({ hasText: "Ready" }).waitFor();
    await screenshot(page, "settings-bedrock");
  });

  it("says whether it can be used", async () => {
    await openSettings({ query: "priced" });
    const row = page.getByRole("navigation", { name: "Providers" }).getByRole("button").first();
    expect(await row.innerText()).toMatch(/No key/);
    await page.getByLabel("Key", { exact: true }).fill("sk-ant-1");
    await page.keyboard.press("Enter");
    await row.filter({ hasText: "Ready" }).waitFor();
    // Such an address can only be typed into the settings file: the window's are refused.
    await page.route("**/api/call/connections", async (route) => {
      const response = await route.fetch();
      const overview = (await response.json()) as ConnectionOverview;
      const connections = overview.connections.map((each) => ({ ...each, problem: "no address of a server" }));
      await route.fulfill({ response, json: { ...overview, connections } });
    });
    await page.getByLabel("Base URL").fill("http://127.0.0.1:9");
    await page.keyboard.press("Enter");
    await row.filter({ hasText: "Check settings" }).waitFor();
  });
});

describe.each([
  ["dark", 1024, 700],
  ["light", 1440, 900],
] as const)("in the %s theme, at %i x %i", (theme, width, height) => {
  it("every page is legible and fits", async () => {
    await openSettings({ theme, width, height });
    for (const each of SETTINGS_PAGES) {
      await showSettingsPage(page, pageTitle(each));
      await screenshot(page, `settings-${each}-${theme}-${width}`);
      await expectNothingCut(page);
      await expectAccessible(page);
    }
  });
});

it("in Spanish every page has room at 960 x 600", async () => {
  page = await open(browser, { query: "priced&keychainless&endpoints", width: 960, height: 600 });
  await page.evaluate(() => localStorage.setItem("fieldmark.language", JSON.stringify("es")));
  await page.reload();
  language.choose("es");
  try {
    await page.getByRole("navigation", { name: words.frame.screensLabel }).waitFor();
    await page.keyboard.press("Control+,");
    for (const each of SETTINGS_PAGES) {
      await showSettingsPage(page, pageTitle(each));
      await screenshot(page, `settings-${each}-es-960`);
      await expectNothingCut(page);
    }
  } finally {
    language.choose("en");
  }
});

it("the database is entered, and a failed publication says why", async () => {
  await openSettings();
  await showSettingsPage(page, words.database.title);
  const field = page.getByLabel(words.database.connection);
  await field.fill("nonsense");
  await field.press("Enter");
  await page.getByText(words.errors.database_address).waitFor();
  // Nothing listens on this port.
  await field.fill("postgres://me:secret@127.0.0.1:9/photos");
  await field.press("Enter");
  await page.getByRole("button", { name: words.database.publish }).press("Enter");
  const reason = page.getByText(/127\.0\.0\.1\/photos cannot be reached/);
  await reason.waitFor();
  expect(await page.locator(".settings").innerText()).not.toContain("secret");
  await expectAccessible(page);
  await screenshot(page, "settings-database");
  await page.getByRole("button", { name: words.database.disconnect }).click();
  await field.waitFor();
});
