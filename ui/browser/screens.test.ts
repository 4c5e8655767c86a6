/** Every screen in both themes at the smallest and the largest usual size, and in Spanish where there is least room. */
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { words } from "../src/messages";
import { type Language, language } from "../src/messages/language.svelte";
import { openScene, type Scene } from "../test/core";
import { COLOR_RULES, disturb, expectAccessible, expectNothingCut, launch, painted, screenshot } from "./browser";
import { type Look, LOOKS } from "./scenes";

const USUAL = { width: 1280, height: 800 };
const LARGE = { width: 1920, height: 1200 };
const NARROW = { width: 1024, height: 720 };

/** Those on one library follow each other, and those that change it come last. */
const order = ({ query = "", changes }: Look) => `${query} ${changes ? 1 : 0}`;
const NAMED = [...LOOKS]
  .sort((one, other) => order(one).localeCompare(order(other)))
  .map((look) => [look.name, look] as const);

let browser: Browser;
/** One for all, so that a scene is signed in to once. */
let context: BrowserContext;
let page: Page;
/** The scene that is open, and by which look. */
let open: { scene: Scene; look: Look } | undefined;
beforeAll(async () => {
  browser = await launch();
  context = await browser.newContext({ reducedMotion: "reduce" });
});
afterAll(async () => {
  language.choose("en");
  await open?.scene.close();
  await browser.close();
});

/** The address of the window on the library of this look. The library is the one before, unless that was changed. */
async function addressFor(look: Look): Promise<string> {
  if (open && (open.look.changes || open.look.query !== look.query)) {
    await open.scene.close();
    open = undefined;
  }
  if (open) {
    open = { ...open, look };
    return new URL(open.scene.url).origin;
  }
  open = { scene: await openScene(look.query), look };
  return open.scene.url;
}

/** Opens the window in this language and leads to the look. */
async function show(look: Look, spoken: Language): Promise<void> {
  language.choose(spoken);
  await page.addInitScript((spoken) => {
    localStorage.clear();
    localStorage.setItem("fieldmark.language", JSON.stringify(spoken));
  }, spoken);
  await page.setViewportSize(USUAL);
  await page.emulateMedia({ colorScheme: "dark" });
  await page.goto(await addressFor(look));
  await page.getByRole("navigation", { name: words.frame.screensLabel }).waitFor();
  await look.show(page);
  await page.waitForFunction(() => [...document.images].every((image) => image.complete));
}

describe.each(NAMED)("%s", (name, look) => {
  beforeAll(async () => {
    page = await context.newPage();
    page.setDefaultTimeout(10_000);
    page.on("pageerror", (error) => {
      throw error;
    });
    await disturb(page, look);
    await look.prepare?.(page);
  });
  afterAll(() => page.close());

  it("is legible and reachable", async () => {
    await show(look, "en");
    await screenshot(page, `${name}-dark-${USUAL.width}`);
    await expectAccessible(page);
    await page.emulateMedia({ colorScheme: "light" });
    await screenshot(page, `${name}-light-${USUAL.width}`);
    await expectAccessible(page, COLOR_RULES);
    await expectNothingCut(page);
    await page.setViewportSize(LARGE);
    await screenshot(page, `${name}-light-${LARGE.width}`);
    await expectNothingCut(page);
  });

  it("has room in Spanish", async () => {
    await show(look, "es");
    expect(await page.locator("html").getAttribute("lang")).toBe("es");
    await painted(page);
    await expectNothingCut(page);
    await page.setViewportSize(NARROW);
    await screenshot(page, `es-${name}-${NARROW.width}`);
    await expectNothingCut(page);
  });
});
