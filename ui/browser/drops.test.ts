/** Files and folders that are dropped on the window or added to it. */
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

import { words } from "../src/messages";
import { language } from "../src/messages/language.svelte";
import { expectAccessible, expectNothingCut, launch, open, screenshot } from "./browser";

let browser: Browser;
let page: Page;
beforeAll(async () => {
  browser = await launch();
});
afterEach(() => page.context().close());
afterAll(() => browser.close());

const first = () => page.getByRole("option", { name: "lake_0001.jpg" });

async function legible(name: string, width: number): Promise<void> {
  for (const theme of ["dark", "light"] as const) {
    await page.emulateMedia({ colorScheme: theme });
    await screenshot(page, `${name}-${theme}-${width}`);
    await expectAccessible(page);
  }
  await expectNothingCut(page);
}

describe("an import into an empty library", () => {
  it("shows how far an import is, and what it left out", async () => {
    page = await open(browser, { query: "images=0" });
    await page.keyboard.press("Control+o");
    await page.getByRole("progressbar", { name: "Adding images" }).waitFor();
    await page.getByRole("button", { name: "2 files skipped" }).click();
    const dialog = page.getByRole("dialog", { name: "Skipped files" });
    await dialog.getByText("Too large: 412.5 megapixels").waitFor();
    await screenshot(page, "skipped-dark-1280");
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "hidden" });
  });

  it("can cancel an import", async () => {
    page = await open(browser, { query: "images=0" });
    await page.keyboard.press("Control+o");
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("status").getByText("Import canceled").waitFor();
  });
});

it("shows where to drop while files are over the window, and takes them", async () => {
  page = await open(browser);
  await first().waitFor();
  await page.evaluate(() => window.dispatchEvent(new DragEvent("dragover", { cancelable: true })));
  await page.getByText("Drop to add").waitFor();
  await screenshot(page, "drop-dark-1280");
  await page.evaluate(() => window.dispatchEvent(new DragEvent("drop", { cancelable: true })));
  await page.getByText("Drop to add").waitFor({ state: "hidden" });
  await page.getByRole("status").getByText("240 images added").waitFor();
});

it("takes a drop over an open dialog, and says that the dialog stays", async () => {
  page = await open(browser);
  await first().waitFor();
  await page.keyboard.press("?");
  await page.getByRole("dialog").waitFor();
  await page.evaluate(() => window.dispatchEvent(new DragEvent("dragover", { cancelable: true })));
  const note = page.getByText("The open dialog stays as it is.");
  await note.waitFor();
  // Above the dialog, which is in the top layer.
  expect(await page.locator(".drop.over").evaluate((drop) => drop.matches(":popover-open"))).toBe(true);
  await screenshot(page, "drop-over-dialog-dark-1280");
  await page.evaluate(() => window.dispatchEvent(new DragEvent("drop", { cancelable: true })));
  await note.waitFor({ state: "hidden" });
  await page.locator(".toast").filter({ hasText: "240 images added" }).waitFor();
  expect(await page.getByRole("dialog").isVisible()).toBe(true);
});

describe.each(["en", "es"] as const)("in %s", (spoken) => {
  beforeAll(() => language.choose(spoken));
  afterAll(() => language.choose("en"));

  async function opened(width: number): Promise<void> {
    page = await open(browser, { width });
    await page.evaluate((spoken) => localStorage.setItem("fieldmark.language", JSON.stringify(spoken)), spoken);
    await page.reload();
    await first().waitFor();
  }

  it.each([1024, 1280, 1920])("where to drop is legible at %i pixels", async (width) => {
    await opened(width);
    await page.evaluate(() => window.dispatchEvent(new DragEvent("dragover", { cancelable: true })));
    await page.getByText(words.frame.dropTitle).waitFor();
    await legible(`${spoken}-drop`, width);
  });
});
