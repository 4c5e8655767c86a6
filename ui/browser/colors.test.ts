import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

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
      await page.waitForTimeout(50);
      const listed = await inList(page);
      const colors = new Map(listed);
      expect(new Set(colors.values()).size).toBe(colors.size);
      expect([...colors.values()]).not.toContain(accent);
      expect(new Set(await onThumbnail(page))).toEqual(new Set(colors.values()));
      for (const [label, color] of colors) {
        if (known.has(label)) {
          seen += 1;
          expect(color).toBe(known.get(label));
        }
        known.set(label, color);
      }
      await page.keyboard.press("ArrowRight");
    }
    expect(seen).toBeGreaterThan(3);
    await page.context().close();
  });
});
