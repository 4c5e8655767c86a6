import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";

import { launch, open, screenshot } from "./browser";

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

const listed = (page: Page) => page.locator("aside li button.choose").count();
const layersButton = (page: Page, shown: string) => page.getByRole("button", { name: `Layers: ${shown}` });

async function choose(page: Page, layers: RegExp | string): Promise<void> {
  await page.getByRole("button", { name: /^Layers:/ }).click();
  const menu = page.getByRole("group", { name: "Layers" });
  await menu
    .getByRole("checkbox", { name: layers })
    .or(menu.getByRole("radio", { name: layers }))
    .click();
  await page.keyboard.press("Escape");
}

it("opens a run from the history with its own annotations, and accepts no others", async () => {
  const page = await open(browser, { query: "layers" });
  await page.getByRole("navigation", { name: "Screens" }).getByRole("button", { name: "History" }).click();
  await page
    .getByRole("region", { name: "Report of run 2" })
    .getByRole("button", { name: "Review annotations" })
    .click();
  await layersButton(page, "Run 2").waitFor();
  const name = await page.getByRole("heading", { level: 1 }).innerText();
  const ofRun = await listed(page);
  await choose(page, "All layers");
  await layersButton(page, "All layers").waitFor();
  await expect.poll(() => listed(page)).toBeGreaterThan(ofRun);
  const ofAll = await listed(page);
  await choose(page, /^Run 2,/);
  await expect.poll(() => listed(page)).toBe(ofRun);

  await page.keyboard.press("a");
  await page.keyboard.press("ArrowLeft");
  expect(await page.getByRole("heading", { level: 1 }).innerText()).toBe(name);
  await expect.poll(() => page.locator("aside li button.choose[aria-label*='accepted']").count()).toBe(ofRun);
  await choose(page, "All layers");
  await expect.poll(() => listed(page)).toBe(ofAll);
  expect(await page.locator("aside li button.choose[aria-label*='accepted']").count()).toBe(ofRun);
  await page.context().close();
});

it("draws in the grid the layers that are chosen", async () => {
  const page = await open(browser, { query: "layers" });
  const numbers = page.getByRole("option").locator(".number");
  const drawn = async () =>
    (await numbers.allInnerTexts()).reduce((sum, text) => sum + (Number.parseInt(text) || 0), 0);
  await expect.poll(drawn).toBeGreaterThan(0);
  // Outlines, through which the photo is seen.
  const outline = page.locator("svg.overlay .stroke").first();
  const look = await outline.evaluate((shape) => {
    const { fill, strokeWidth, stroke } = getComputedStyle(shape);
    return { fill, isDrawn: stroke !== "none" && Number.parseFloat(strokeWidth) > 0 };
  });
  expect(look).toEqual({ fill: "none", isDrawn: true });
  const all = await drawn();
  await choose(page, /^Run 2,/);
  await expect.poll(drawn).toBeLessThan(all);
  const ofRun = await drawn();
  await choose(page, "People only");
  await expect.poll(drawn).toBeLessThan(ofRun);
  await page.keyboard.press("/");
  await page.keyboard.type("run:1");
  await layersButton(page, "Run 1").waitFor();

  await page.getByRole("button", { name: /^Layers:/ }).click();
  await page.getByRole("group", { name: "Layers" }).getByRole("checkbox").first().waitFor();
  await screenshot(page, "layers-library");
  await page.context().close();
});
