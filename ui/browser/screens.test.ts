/** Every screen in both themes at the smallest and the largest usual size, and in Spanish where there is least room. */
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

import { words } from "../src/messages";
import { type Language, language } from "../src/messages/language.svelte";
import { openScene, type Scene } from "../test/core";
import { disturb, expectAccessible, expectNothingCut, launch, screenshot } from "./browser";
import { type Look, LOOKS } from "./scenes";

const SIZES = [
  { width: 1280, height: 800 },
  { width: 1920, height: 1200 },
];
const NARROW_SIZES = [
  { width: 1024, height: 720 },
  { width: 1280, height: 800 },
];
const THEMES = ["dark", "light"] as const;
const NAMED = LOOKS.map((look) => [look.name, look] as const);

let browser: Browser;
/** One for all, so that a scene is signed in to once. */
let context: BrowserContext;
let page: Page;
let scene: Scene | undefined;
beforeAll(async () => {
  browser = await launch();
  context = await browser.newContext({ reducedMotion: "reduce" });
});
afterAll(async () => {
  language.choose("en");
  await browser.close();
});

async function closeScene(): Promise<void> {
  await scene?.close();
  scene = undefined;
}

/** Opens the window in this language, on the same library as before unless `show` changes it. */
async function show(look: Look, spoken: Language): Promise<void> {
  language.choose(spoken);
  page = await context.newPage();
  page.setDefaultTimeout(10_000);
  page.on("pageerror", (error) => {
    throw error;
  });
  await page.addInitScript((spoken) => {
    localStorage.clear();
    localStorage.setItem("fieldmark.language", JSON.stringify(spoken));
  }, spoken);
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.emulateMedia({ colorScheme: "dark" });
  await disturb(page, look);
  await look.prepare?.(page);
  if (look.changes) await closeScene();
  const isNew = !scene;
  scene ??= await openScene(look.query);
  await page.goto(isNew ? scene.url : new URL(scene.url).origin);
  await page.getByRole("navigation", { name: words.frame.screensLabel }).waitFor();
  await look.show(page);
  await page.waitForFunction(() => [...document.images].every((image) => image.complete));
}

describe.each(NAMED)("%s", (name, look) => {
  afterEach(() => page.close());
  afterAll(closeScene);

  it("is legible and reachable", async () => {
    await show(look, "en");
    for (const size of SIZES) {
      await page.setViewportSize(size);
      for (const theme of THEMES) {
        await page.emulateMedia({ colorScheme: theme });
        await screenshot(page, `${name}-${theme}-${size.width}`);
        if (size === SIZES[0]) await expectAccessible(page);
      }
      await expectNothingCut(page);
    }
  });

  it("has room in Spanish", async () => {
    await show(look, "es");
    expect(await page.locator("html").getAttribute("lang")).toBe("es");
    for (const size of NARROW_SIZES) {
      await page.setViewportSize(size);
      await screenshot(page, `es-${name}-${size.width}`);
      await expectNothingCut(page);
    }
  });
});
