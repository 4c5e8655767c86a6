import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

import { expectAccessible, expectNothingCut, launch, screenshot } from "./browser";
import { box, click, drag, frames, annotations, openAt, page, press, selected } from "./stage";

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterEach(() => page.context().close());
afterAll(() => browser.close());

/** What a screen reader is told of the corner in hand. */
const told = () => page.locator(".below p[role=status]").textContent();

describe("a corner by keys", () => {
  it("of a box moves its two sides, a pixel or ten, as one step, until Escape", async () => {
    await openAt(browser, "cat");
    await press("b");
    await drag([100, 100], [180, 160]);
    await press("v");
    const [x = 0, y = 0, width = 0, height = 0] = await box();
    await press("g");
    expect(await told()).toBe(`Upper left corner at ${x}, ${y}`);
    await press("g", "g");
    expect(await told()).toBe(`Lower right corner at ${x + width}, ${y + height}`);
    await press("Shift+ArrowRight", "ArrowDown", "ArrowDown");
    expect(await box()).toEqual([x, y, width + 10, height + 2]);
    expect(await told()).toBe(`Lower right corner at ${x + width + 10}, ${y + height + 2}`);
    // A box has its four corners.
    const count = (await annotations()).length;
    await press("Delete");
    await page.getByText("This corner cannot be deleted.").waitFor();
    await press("Shift+g", "ArrowUp");
    expect(await box()).toEqual([x, y - 1, width + 10, height + 3]);
    await press("Escape", "ArrowLeft");
    expect(await box()).toEqual([x - 1, y - 1, width + 10, height + 3]);
    expect(await told()).toBe("");
    await press("Control+z", "Control+z");
    await expect.poll(box).toEqual([x, y, width + 10, height + 2]);
    await press("Control+z");
    await expect.poll(box).toEqual([x, y, width, height]);
    expect((await annotations()).length).toBe(count);
  });

  it("of a polygon is moved, joined by another, and taken away as long as three are left", async () => {
    await openAt(browser, "dahlia");
    await press("p");
    for (const [x, y] of [
      [100, 60],
      [180, 60],
      [180, 140],
    ] as const)
      await click(x, y);
    await press("Enter", "v", "g", "g", "Shift+ArrowRight");
    expect(await told()).toBe("Corner 2 of 3 at 190, 60");
    await press("i");
    expect(await told()).toBe("Corner 3 of 4 at 185, 100");
    await press("Shift+ArrowLeft", "Shift+ArrowLeft");
    await screenshot(page, "editor-corner-polygon-dark-1280");
    await press("Delete");
    expect(await told()).toBe("Corner 2 of 3 at 190, 60");
    await press("Delete");
    await page.getByText("This corner cannot be deleted.").waitFor();
    expect(await told()).toBe("Corner 2 of 3 at 190, 60");
    // Coming back to the annotation one has it whole.
    await press("n", "Shift+n");
    expect(await selected()).toMatch(/accepted$/);
    expect(await told()).toBe("");
  });
});

describe.each(["dark", "light"] as const)("in the %s theme", (theme) => {
  it.each([
    [1280, 800],
    [1920, 1200],
  ])("a corner in hand is legible at %i x %i", async (width, height) => {
    await openAt(browser, "cafe", { theme, width, height });
    await page.getByRole("button", { name: /^cup/ }).first().click();
    await press("g", "g");
    await frames();
    await screenshot(page, `editor-corner-${theme}-${width}`);
    await expectAccessible(page);
    await expectNothingCut(page);
  });
});
