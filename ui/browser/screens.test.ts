/** Every screen in both themes at the smallest and the largest usual size, and in Spanish where there is least room. */
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";

import { words } from "../src/messages";
import { type Language, language } from "../src/messages/language.svelte";
import { expectAccessible, expectNothingCut, launch, screenshot } from "./browser";
import { type Scene, SCENES } from "./scenes";

const SIZES = [
  { width: 1280, height: 800 },
  { width: 1920, height: 1200 },
];
const NARROW_SIZES = [
  { width: 1024, height: 720 },
  { width: 1280, height: 800 },
];
const NAMED = SCENES.map((scene) => [scene.name, scene] as const);
const THEMES = ["dark", "light"] as const;

let browser: Browser;
let context: BrowserContext;
let page: Page;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

/** One page for all of them, which forgets what the window keeps. */
async function openFor(spoken: Language): Promise<void> {
  language.choose(spoken);
  context = await browser.newContext({ reducedMotion: "reduce" });
  page = await context.newPage();
  page.setDefaultTimeout(10_000);
  page.on("pageerror", (error) => {
    throw error;
  });
  await page.addInitScript((spoken) => {
    localStorage.clear();
    localStorage.setItem("fieldmark.language", JSON.stringify(spoken));
  }, spoken);
}

async function show({ query = "", show }: Scene, size: { width: number; height: number }): Promise<void> {
  await page.setViewportSize(size);
  await page.emulateMedia({ colorScheme: "dark" });
  await page.goto(`${inject("address")}?${query}`);
  await page.getByRole("navigation", { name: words.frame.screensLabel }).waitFor();
  await show(page);
  await page.waitForFunction(() => [...document.images].every((image) => image.complete));
}

describe("in English", () => {
  beforeAll(() => openFor("en"));
  afterAll(() => context.close());

  it.each(NAMED)("%s is legible and reachable", async (_, scene) => {
    await show(scene, { width: 1280, height: 800 });
    for (const size of SIZES) {
      await page.setViewportSize(size);
      for (const theme of THEMES) {
        await page.emulateMedia({ colorScheme: theme });
        await screenshot(page, `${scene.name}-${theme}-${size.width}`);
        if (size === SIZES[0]) await expectAccessible(page);
      }
      await expectNothingCut(page);
    }
  });
});

describe("in Spanish", () => {
  beforeAll(() => openFor("es"));
  afterAll(async () => {
    language.choose("en");
    await context.close();
  });

  it.each(NAMED)("%s has room", async (_, scene) => {
    await show(scene, { width: 1280, height: 800 });
    expect(await page.locator("html").getAttribute("lang")).toBe("es");
    for (const size of NARROW_SIZES) {
      await page.setViewportSize(size);
      await screenshot(page, `es-${scene.name}-${size.width}`);
      await expectNothingCut(page);
    }
  });
});
