import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

import { expectAccessible, expectNothingCut, launch, open, type Opening, screenshot } from "./browser";

let browser: Browser;
let page: Page;
beforeAll(async () => {
  browser = await launch();
});
afterEach(() => page.context().close());
afterAll(() => browser.close());

async function openCompare(opening: Opening = {}): Promise<Page> {
  page = await open(browser, opening);
  await page.keyboard.press("Control+6");
  await page.getByRole("region", { name: "Choose" }).waitFor();
  await photoDrawn();
  return page;
}

/** Waits until the photograph, not only the ground, is on the canvas. */
async function photoDrawn(): Promise<void> {
  await page.waitForFunction(() => {
    const canvas = document.querySelector("canvas");
    const middle = canvas?.getContext("2d")?.getImageData(canvas.width / 2, canvas.height / 2, 1, 1).data;
    return middle?.[3] === 255;
  });
}

const selected = () => page.locator(".pairs [aria-pressed=true]");
const place = () => page.getByTestId("place").innerText();

/** Looks through the images for a difference of this kind, and selects it. */
async function select(kind: RegExp): Promise<void> {
  for (let image = 0; image < 20; image += 1) {
    const found = page.getByRole("button", { name: kind }).first();
    if ((await found.count()) > 0) {
      await found.click();
      return;
    }
    await page.keyboard.press("ArrowRight");
    await photoDrawn();
  }
  throw new Error(`no difference like ${String(kind)}`);
}

describe("comparing two runs", () => {
  it("shows what differs, the first difference selected, and the figures of both", async () => {
    await openCompare();
    expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe(
      "Run 2 Built-in detector ↔ Run 1 Built-in detector",
    );
    expect(await place()).toMatch(/^Image 1 of \d+$/);
    await page.getByText(/^\d+ of \d+ images differ$/).waitFor();
    await page.getByText(/^\d+ things differ, \d+ agreed$/).waitFor();
    expect(await selected().count()).toBe(1);
    expect(await page.getByRole("row", { name: /^Agreement \d+ % \d+ %$/ }).count()).toBe(1);
  });
});

describe.each(["dark", "light"] as const)("in the %s theme", (theme) => {
  it.each([
    [1280, 800],
    [1920, 1200],
  ])("the comparison is legible and reachable at %i x %i", async (width, height) => {
    await openCompare({ theme, width, height });
    await screenshot(page, `compare-${theme}-${width}`);
    await expectAccessible(page);
    await expectNothingCut(page);
    await select(/^Different label/);
    await screenshot(page, `compare-relabelled-${theme}-${width}`);
    await select(/^Only A/);
    await screenshot(page, `compare-only-${theme}-${width}`);
  });
});
