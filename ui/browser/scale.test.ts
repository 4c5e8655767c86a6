import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

import { choose, launch, screenshot } from "./browser";
import { box, drag, frames, openAt, page, press } from "./stage";

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterEach(() => page.context().close());
afterAll(() => browser.close());

/** The colours of a row of the canvas of annotations, in device pixels. */
function row(x: number, y: number, count: number): Promise<number[][]> {
  return page.evaluate(
    ([left, top, width]) => {
      const canvas = document.querySelector<HTMLCanvasElement>("canvas[role=img]");
      const data = canvas?.getContext("2d")?.getImageData(left, top, width, 1).data ?? [];
      return Array.from({ length: width }, (_, place) => [...data.slice(4 * place, 4 * place + 4)]);
    },
    [x, y, count] as [number, number, number],
  );
}

describe.each([1, 1.5, 2])("at %d device pixels a CSS pixel", (deviceScale) => {
  it("what is drawn by mouse lands on the pixels that are meant, and its lines are sharp", async () => {
    await openAt(browser, "cat", { deviceScale });
    const canvases = await page.locator("canvas").evaluateAll((all) =>
      (all as HTMLCanvasElement[]).map((canvas) => ({
        backing: [canvas.width, canvas.height],
        shown: [canvas.clientWidth, canvas.clientHeight].map((length) => Math.round(length * devicePixelRatio)),
      })),
    );
    expect(canvases).toHaveLength(2);
    for (const { backing, shown } of canvases) expect(backing).toEqual(shown);
    await press("b");
    await drag([100, 60], [180, 110]);
    expect(await box()).toEqual([100, 60, 80, 50]);
    await press("Escape", "Escape");
    // Closer, where an image pixel is many of the screen, a hand can mean each of them.
    await choose(page.getByRole("combobox", { name: "Zoom" }), "800\u00a0%");
    await frames();
    const canvas = await page.locator("canvas[role=img]").boundingBox();
    if (!canvas) throw new Error("no canvas");
    const scale = 8 / deviceScale;
    const middle = { x: canvas.x + canvas.width / 2, y: canvas.y + canvas.height / 2 };
    // The middle of the view is the middle of the image.
    const at = (x: number, y: number): [number, number] => [
      middle.x + (x - 451 / 2) * scale,
      middle.y + (y - 300 / 2) * scale,
    ];
    await press("3", "b");
    await page.mouse.move(...at(231, 151));
    await page.mouse.down();
    await page.mouse.move(...at(240, 160));
    await page.mouse.move(...at(244, 163));
    await page.mouse.up();
    await frames();
    expect(await box()).toEqual([231, 151, 13, 12]);
    await press("Escape", "Escape");
    await frames();
    // Across its left side: nothing, casing, the line in one colour, casing, nothing. No pixel is a mixture. The line may be
    // dashed: this looks where it is drawn.
    const lines: number[][][] = [];
    for (let y = 152; y < 162; y += 0.5) {
      const [left, top] = at(231, y);
      const pixels = await row(
        Math.round((left - canvas.x) * deviceScale) - 8,
        Math.round((top - canvas.y) * deviceScale),
        16,
      );
      lines.push(pixels.filter(([, , , alpha]) => alpha === 255));
    }
    const isWhole = (line: number[][]): boolean =>
      line.length === Math.round(2 * deviceScale) && new Set(line.map(String)).size === 1;
    expect(lines.filter(isWhole).length).toBeGreaterThan(3);
    await screenshot(page, `editor-scale-${deviceScale}-close`);
    await press("f", "n");
    await frames();
    await screenshot(page, `editor-scale-${deviceScale}`);
  });
});
