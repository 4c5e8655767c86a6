import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

import { expectAccessible, expectNothingCut, launch, screenshot } from "./browser";
import { at, box, click, drag, frames, annotations, openAt, page, press } from "./stage";

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterEach(() => page.context().close());
afterAll(() => browser.close());

const rows = () => page.locator("aside li button.choose");
const chosen = () => page.locator("aside li button.choose[aria-pressed='true']");
const title = (text: string) => page.getByRole("heading", { name: text, exact: true });

/** Draws boxes with a corner at each of these places. */
async function draw(...corners: [number, number][]): Promise<void> {
  await press("b");
  for (const [x, y] of corners) await drag([x, y], [x + 40, y + 30]);
  await press("Escape", "Escape");
}

describe("several annotations", () => {
  it("are selected by Shift on the photo, in the list and with a frame, and all by Ctrl+A", async () => {
    await openAt(browser, "cat");
    await draw([60, 60], [160, 60], [260, 60]);
    await click(80, 75);
    await page.keyboard.down("Shift");
    await click(180, 75);
    await page.keyboard.up("Shift");
    await title("2 annotations").waitFor();
    await rows()
      .last()
      .click({ modifiers: ["Shift"] });
    await title("3 annotations").waitFor();
    await page.keyboard.down("Shift");
    await click(180, 75);
    await page.keyboard.up("Shift");
    await title("2 annotations").waitFor();
    // By keys alone: a row of the list with Shift and Enter.
    await chosen().first().focus();
    await press("Shift+Enter");
    expect(await chosen().count()).toBe(1);
    await press("Control+a");
    expect(await chosen().count()).toBe((await annotations()).length);
    await press("Escape");
    expect(await chosen().count()).toBe(0);
    await page.keyboard.down("Shift");
    await page.mouse.move(...at(50, 50));
    await page.mouse.down();
    await page.mouse.move(...at(150, 70));
    await page.mouse.move(...at(250, 80));
    await frames();
    await screenshot(page, "editor-frame-dark-1280");
    await page.mouse.up();
    await page.keyboard.up("Shift");
    await frames();
    await title("2 annotations").waitFor();
  });

  it("move, are called and go together, as one step each", async () => {
    await openAt(browser, "cat");
    const before = (await annotations()).length;
    await draw([60, 60], [160, 60]);
    await click(80, 75);
    await page.keyboard.down("Shift");
    await click(180, 75);
    await page.keyboard.up("Shift");
    await press("Shift+ArrowDown", "ArrowRight");
    await drag([180, 90], [190, 120]);
    await press("l");
    await page.keyboard.type("kitten");
    await press("Enter");
    expect(await chosen().evaluateAll((all) => all.map((one) => one.getAttribute("aria-label")))).toEqual([
      "kitten, accepted",
      "kitten, accepted",
    ]);
    await press("Control+d");
    expect((await annotations()).length).toBe(before + 4);
    await press("Delete");
    expect((await annotations()).length).toBe(before + 2);
    await press("Control+z", "Control+z", "Control+z", "Control+z", "Control+z");
    await expect.poll(async () => chosen().count()).toBe(2);
    await click(80, 75);
    expect((await box()).slice(0, 2)).toEqual([60, 60]);
    await press("Control+Shift+z", "Control+Shift+z");
    await expect.poll(async () => chosen().count()).toBe(2);
    await click(92, 115);
    expect((await box()).slice(0, 2)).toEqual([71, 100]);
  });

  it("are decided together, and what waits is selected next", async () => {
    await openAt(browser, "cafe");
    const open = page.locator("aside li button.choose[aria-label$=', proposed']");
    const waiting = await open.count();
    await open.nth(0).click();
    await open.nth(1).click({ modifiers: ["Shift"] });
    await page.getByRole("button", { name: /^Reject 2 annotations/ }).waitFor();
    await press("x");
    await page.getByText(/^2 annotations rejected on/).waitFor();
    await press("2");
    await expect.poll(() => open.count()).toBe(waiting - 2);
    expect(await chosen().count()).toBe(1);
    await press("Control+z");
    await expect.poll(() => open.count()).toBe(waiting);
    expect(await chosen().count()).toBe(2);
  });
});

describe.each(["dark", "light"] as const)("in the %s theme", (theme) => {
  it.each([
    [1280, 800],
    [1920, 1200],
  ])("several annotations are legible and reachable at %i x %i", async (width, height) => {
    await openAt(browser, "cafe", { theme, width, height });
    await press("Control+a");
    await rows()
      .first()
      .click({ modifiers: ["Shift"] });
    await frames();
    await screenshot(page, `editor-several-${theme}-${width}`);
    await expectAccessible(page);
    await expectNothingCut(page);
  });
});
