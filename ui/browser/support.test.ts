/** Errors inside Fieldmark, in the core and in the window: they are shown, everything else goes on, and diagnostics can be copied. */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";

import type { FrontEndInfo } from "../src/api/bindings";
import { words } from "../src/messages";
import { call, changeAnswer, expectAccessible, launch, open, sceneOf, screenshot, showSettingsPage } from "./browser";

let browser: Browser;
let page: Page;
beforeAll(async () => {
  browser = await launch();
});
afterEach(() => page.context().close());
afterAll(() => browser.close());

const said = words.support;
const dialog = () => page.getByRole("dialog", { name: said.title });
const diagnostics = () => dialog().getByRole("textbox", { name: said.title });

/** The log of the scene's core. */
function log(): string {
  const path = join(dirname(sceneOf(page).library), "../home/.local/state/fieldmark/logs/fieldmark.log");
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}

it("shows a panic of the core as an error, and goes on", async () => {
  page = await open(browser);
  const switchFile = join(dirname(sceneOf(page).library), "panic-in-library_info");
  writeFileSync(switchFile, "");
  await page.keyboard.press("Control+,");
  await showSettingsPage(page, words.storage.title);
  await page.getByText(words.errors.internal).waitFor();
  await screenshot(page, "support-panic");
  expect(log()).toMatch(/ERROR .*panic: a part of the program has panicked .*a test told library_info to panic/);
  rmSync(switchFile);
  await call(page, "library_info");
});

it.each(["dark", "light"] as const)("shows what is copied, in the %s theme", async (theme) => {
  page = await open(browser, { theme, query: "key" });
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.keyboard.press("Control+,");
  await showSettingsPage(page, words.settings.about);
  await screenshot(page, `support-about-${theme}`);
  await page.getByRole("button", { name: said.show }).click();
  await expect.poll(() => diagnostics().inputValue(), { timeout: 15000 }).toContain('"subject": "contents"');
  await expectAccessible(page);
  await screenshot(page, `support-diagnostics-${theme}`);
  const shown = await diagnostics().inputValue();
  for (const subject of ["versions", "window", "log", "key", "stated_settings"])
    expect(shown).toContain(`"subject": "${subject}"`);
  expect(shown).not.toMatch(/sk-/);
  await dialog().getByRole("button", { name: said.copy }).click();
  await page.getByText(said.copied).waitFor();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(shown);
});

it("says after a crash that there was one, and offers diagnostics", async () => {
  page = await open(browser);
  await changeAnswer<FrontEndInfo>(page, "front_end", (info) => ({ ...info, ended_unexpectedly: true }));
  await page.reload();
  await page.getByText(said.endedUnexpectedly).waitFor();
  await screenshot(page, "support-crash");
  await page.getByRole("button", { name: said.show }).click();
  await dialog().waitFor();
});

it("logs an error of the window that nothing handles, and offers to reload", async () => {
  page = await open(browser);
  page.removeAllListeners("pageerror");
  await page.evaluate(() => setTimeout(() => void Promise.reject(new Error("planted in the window"))));
  await page.getByText(said.windowError).waitFor();
  await expect.poll(log).toMatch(/ERROR .*an error in the window .*planted in the window/);
  await page.getByRole("button", { name: said.reload }).click();
  await page.getByText(said.windowError).waitFor({ state: "detached" });
  await page.getByRole("navigation", { name: "Screens" }).waitFor();
});

it("replaces a screen that fails, and leaves the others usable", async () => {
  page = await open(browser);
  page.removeAllListeners("pageerror");
  await changeAnswer(page, "library_info", () => ({ sizes: {}, counts: null, folder: "", last_backup: null }));
  await page.keyboard.press("Control+,");
  await showSettingsPage(page, words.storage.title);
  await page.getByText(said.broken).waitFor();
  await screenshot(page, "support-failed-screen");
  await page.keyboard.press("Control+1");
  await page.getByText(said.broken).waitFor({ state: "detached" });
});
