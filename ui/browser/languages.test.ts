import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";

import { launch, open, showSettingsPage } from "./browser";

let browser: Browser;
let page: Page;
beforeAll(async () => {
  browser = await launch();
});
afterEach(() => page.context().close());
afterAll(() => browser.close());

async function inSpanish(): Promise<void> {
  page = await open(browser);
  await page.keyboard.press("Control+,");
  await showSettingsPage(page, "Appearance");
  await page.getByRole("radio", { name: "Español" }).check();
  await page.getByRole("heading", { name: "Ajustes" }).waitFor();
}

it("changes the language at once, stays where one was, and keeps it", async () => {
  await inSpanish();
  expect(await page.locator("html").getAttribute("lang")).toBe("es");
  expect(await page.getByRole("radio", { name: "Español" }).evaluate((each) => each === document.activeElement)).toBe(
    true,
  );
  await page.reload();
  await page.getByRole("navigation", { name: "Pantallas" }).waitFor();
  await page.keyboard.press("Control+,");
  await showSettingsPage(page, "Aspecto");
  await page.getByRole("radio", { name: "English" }).check();
  await page.getByRole("heading", { name: "Settings" }).waitFor();
  expect(await page.locator("html").getAttribute("lang")).toBe("en");
});
