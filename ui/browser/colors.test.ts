import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";

import { launch, open } from "./browser";

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

/** Each label of the list with the colour of its swatch. */
function inList(page: Page): Promise<[string, string][]> {
  return page.locator("ul.annotations li").evaluateAll((rows) =>
    rows.map((row) => [
      row.querySelector(".name")?.textContent ?? "",
      getComputedStyle(row.querySelector(".swatch") as Element)
        .getPropertyValue("--label")
        .trim(),
    ]),
  );
}

/** Colours of the frames over the thumbnail of the image that is shown. */
function onThumbnail(page: Page): Promise<string[]> {
  return page
    .locator("nav [aria-current] .annotation")
    .evaluateAll((annotations) =>
      annotations.map((annotation) => getComputedStyle(annotation).getPropertyValue("--label").trim()),
    );
}

describe("label colours", () => {
  it("differ between the labels of a photo, are the same in list and thumbnail, and stay from photo to photo", async () => {
    const page = await open(browser, { query: "images=240" });
    await page.getByRole("navigation", { name: "Screens" }).getByRole("button", { name: "Review" }).click();
    await page.getByRole("heading", { name: "Annotations" }).waitFor();
    const accent = await page.evaluate(() =>
      getComputedStyle(document.documentElement).getPropertyValue("--accent").trim(),
    );
    const known = new Map<string, string>();
    let seen = 0;
    for (let image = 0; image < 12; image += 1) {
      // The core tells the annotations after the image is shown.
      const colors = await vi.waitFor(async () => {
        const listed = new Map(await inList(page));
        expect(new Set(await onThumbnail(page))).toEqual(new Set(listed.values()));
        return listed;
      }, 5_000);
      expect(new Set(colors.values()).size).toBe(colors.size);
      expect([...colors.values()]).not.toContain(accent);
      for (const [label, color] of colors) {
        if (known.has(label)) {
          seen += 1;
          expect(color).toBe(known.get(label));
        }
        known.set(label, color);
      }
      const shown = await page.getByRole("heading", { level: 1 }).innerText();
      await page.keyboard.press("ArrowRight");
      await page.waitForFunction((was) => document.querySelector("h1")?.textContent !== was, shown);
    }
    expect(seen).toBeGreaterThan(3);
    await page.context().close();
  });
});
