import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { choose, expectAccessible, expectNothingCut, launch, open, screenshot } from "./browser";

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

const FIT_MARGIN = 24;

async function openReview(query = "", theme: "dark" | "light" = "dark", width = 1280, height = 800): Promise<Page> {
  const page = await open(browser, { query, theme, width, height });
  await page.getByRole("navigation", { name: "Screens" }).getByRole("button", { name: "Review" }).click();
  await page.getByRole("heading", { name: "Annotations" }).waitFor();
  await photoDrawn(page);
  return page;
}

/** Waits until the photograph, not only the ground, is on the canvas. */
async function photoDrawn(page: Page): Promise<void> {
  await page.waitForFunction(() => {
    const canvas = document.querySelector("canvas");
    const middle = canvas?.getContext("2d")?.getImageData(canvas.width / 2, canvas.height / 2, 1, 1).data;
    return middle?.[3] === 255;
  });
  await frames(page);
}

async function frames(page: Page): Promise<void> {
  await page.evaluate(() => new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted))));
}

async function name(page: Page): Promise<string> {
  return page.getByRole("heading", { level: 1 }).innerText();
}

async function reviewed(page: Page): Promise<number> {
  return Number(/Reviewed (\d+)/.exec(await page.getByTestId("reviewed").innerText())?.[1]);
}

/** The colour of one CSS pixel of the canvas, as numbers. */
async function pixel(page: Page, x: number, y: number): Promise<number[]> {
  return page.evaluate(
    ([left, top]) => {
      // Annotations lie over the photograph on a canvas of their own.
      const [photo = [], annotation = []] = [...document.querySelectorAll("canvas")].map((canvas) => {
        const ratio = canvas.width / canvas.clientWidth;
        const context = canvas.getContext("2d") as CanvasRenderingContext2D;
        return [...context.getImageData(Math.round(left * ratio), Math.round(top * ratio), 1, 1).data];
      });
      return (annotation[3] ?? 0) > 127 ? annotation : photo;
    },
    [x, y] as [number, number],
  );
}

/** The annotations on the canvas, as a data URL. */
async function canvasPicture(page: Page): Promise<string> {
  await frames(page);
  return page.evaluate(() => [...document.querySelectorAll("canvas")].at(1)?.toDataURL() ?? "");
}

interface Seen {
  box: { x1: number; y1: number; x2: number; y2: number };
  color: number[];
  isDashed: boolean;
  canvas: { x: number; y: number; width: number; height: number };
  image: { width: number; height: number };
}

/** The selected annotation, as the panel tells of it. */
async function selectedAnnotation(page: Page): Promise<Seen> {
  const field = async (name: string) => Number(await page.getByRole("spinbutton", { name, exact: true }).inputValue());
  const [width, height, x1, y1] = [await field("Width"), await field("Height"), await field("X"), await field("Y")];
  const size = /(\d+) × (\d+)/
    .exec(await page.locator(".toolbar").innerText())
    ?.slice(1)
    .map(Number) as number[];
  const look = await page.locator("dl .swatch").evaluate((swatch) => {
    const color = getComputedStyle(swatch).getPropertyValue("--label").trim();
    const hex = color.startsWith("#") ? color.slice(1) : "";
    return {
      color: [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16)),
      isDashed: swatch.classList.contains("dashed"),
    };
  });
  const canvas = await page.locator("canvas[role=img]").boundingBox();
  if (!canvas) throw new Error("no canvas");
  const image = { width: size[0] ?? 0, height: size[1] ?? 0 };
  return { box: { x1, y1, x2: x1 + width, y2: y1 + height }, ...look, canvas, image };
}

/** Where a point of the fitted image is on the canvas. */
function fitted({ canvas, image }: Seen, x: number, y: number): { x: number; y: number } {
  const room = { width: canvas.width - 2 * FIT_MARGIN, height: canvas.height - 2 * FIT_MARGIN };
  const scale = Math.min(room.width / image.width, room.height / image.height);
  return {
    x: (canvas.width - image.width * scale) / 2 + x * scale,
    y: (canvas.height - image.height * scale) / 2 + y * scale,
  };
}

function isClose(one: number[], other: number[]): boolean {
  return one.slice(0, 3).every((value, index) => Math.abs(value - (other[index] ?? 0)) <= 3);
}

/** Whether the colour is found within a pixel of the place: dashes and rounding leave it somewhere near. */
async function hasNear(page: Page, at: { x: number; y: number }, color: number[], reach: number): Promise<boolean> {
  for (let dx = -reach; dx <= reach; dx += 1) {
    for (let dy = -reach; dy <= reach; dy += 1) {
      if (isClose(await pixel(page, at.x + dx, at.y + dy), color)) return true;
    }
  }
  return false;
}

describe("the canvas", () => {
  it("draws each box where its annotation is", async () => {
    const page = await openReview();
    for (let image = 0; image < 3; image += 1) {
      await page.keyboard.press("n");
      await frames(page);
      const seen = await selectedAnnotation(page);
      const { x1, y1, x2, y2 } = seen.box;
      // Between the handles, which are in the corners and the middles.
      const edges = [
        fitted(seen, x1 + (x2 - x1) * 0.15, y1),
        fitted(seen, x1 + (x2 - x1) * 0.15, y2),
        fitted(seen, x1, y1 + (y2 - y1) * 0.7),
        fitted(seen, x2, y1 + (y2 - y1) * 0.7),
      ];
      for (const edge of edges) expect(await hasNear(page, edge, seen.color, seen.isDashed ? 6 : 1)).toBe(true);
      await page.keyboard.press("Escape");
      await page.keyboard.press("ArrowRight");
      await photoDrawn(page);
    }
    await page.context().close();
  });

  it("keeps the point under the cursor when the wheel zooms", async () => {
    const page = await openReview();
    await page.keyboard.press("n");
    await frames(page);
    const seen = await selectedAnnotation(page);
    const corner = fitted(seen, seen.box.x1, seen.box.y1);
    const white = [255, 255, 255];
    // The handle in the corner of the selected annotation stays under the cursor while all around it moves.
    expect(await hasNear(page, corner, white, 1)).toBe(true);
    await page.mouse.move(seen.canvas.x + corner.x, seen.canvas.y + corner.y);
    const fit = await page.getByRole("combobox", { name: "Zoom" }).innerText();
    for (let step = 0; step < 4; step += 1) await page.mouse.wheel(0, -120);
    await frames(page);
    const zoomed = await page.getByRole("combobox", { name: "Zoom" }).innerText();
    expect(parseInt(zoomed)).toBeGreaterThan(parseInt(fit.replace("Fit, ", "")));
    expect(await hasNear(page, corner, white, 1)).toBe(true);
    await page.keyboard.press("f");
    await frames(page);
    expect(await page.getByRole("combobox", { name: "Zoom" }).innerText()).toBe(fit);
    await page.context().close();
  });

  it("selects the smallest box under a click, and the one below when clicked again", async () => {
    const page = await openReview();
    // A photo with overlapping annotations.
    for (let tries = 0; tries < 20 && !(await name(page)).startsWith("cafe"); tries += 1) {
      await page.keyboard.press("ArrowRight");
      await frames(page);
    }
    expect(await name(page)).toMatch(/^cafe/);
    await page.getByRole("button", { name: /^spoon/ }).click();
    const seen = await selectedAnnotation(page);
    const { x1, y1, x2, y2 } = seen.box;
    const middle = fitted(seen, (x1 + x2) / 2, (y1 + y2) / 2);
    await page.keyboard.press("Escape");
    const chosen = page.locator("dl dd").first();
    await page.mouse.click(seen.canvas.x + middle.x, seen.canvas.y + middle.y);
    expect(await chosen.innerText()).toBe("spoon");
    await page.mouse.click(seen.canvas.x + middle.x, seen.canvas.y + middle.y);
    expect(await chosen.innerText()).toBe("cup");
    await page.mouse.click(seen.canvas.x + 6, seen.canvas.y + 6);
    expect(await page.getByText("Nothing is selected").isVisible()).toBe(true);
    await page.context().close();
  });

  it("shows the photo as before when review is opened again with an annotation selected", async () => {
    const page = await openReview();
    const zoom = () => page.getByRole("combobox", { name: "Zoom" }).innerText();
    const screen = (name: string) =>
      page.getByRole("navigation", { name: "Screens" }).getByRole("button", { name }).click();
    await page.keyboard.press("n");
    await frames(page);
    const before = [await zoom(), (await selectedAnnotation(page)).box];
    for (const other of ["Library", "History"]) {
      await screen(other);
      await screen("Review");
      await page.getByRole("heading", { name: "Annotations" }).waitFor();
      await photoDrawn(page);
      expect([await zoom(), (await selectedAnnotation(page)).box]).toEqual(before);
    }
    await page.keyboard.press("+");
    await frames(page);
    const closer = await zoom();
    expect(closer).not.toBe(before[0]);
    await screen("Library");
    await screen("Review");
    await photoDrawn(page);
    expect(await zoom()).toBe(closer);
    await page.context().close();
  });

  it("shortens a label that is longer than a tag may be, and tells all of it", async () => {
    const page = await openReview();
    const label = `a long label ${"of many words ".repeat(14)}`.trim();
    await page.keyboard.press("n");
    await page.keyboard.press("l");
    await page.keyboard.type(label);
    await page.getByRole("option", { name: `Create label “${label}”` }).waitFor();
    await page.keyboard.press("Enter");
    await frames(page);
    await screenshot(page, "review-long-label-dark-1280");
    const seen = await selectedAnnotation(page);
    const middle = fitted(seen, (seen.box.x1 + seen.box.x2) / 2, (seen.box.y1 + seen.box.y2) / 2);
    await page.mouse.move(seen.canvas.x + middle.x, seen.canvas.y + middle.y);
    await page.mouse.move(seen.canvas.x + middle.x + 1, seen.canvas.y + middle.y);
    await expect.poll(() => page.locator("canvas[role=img]").getAttribute("title")).toBe(label);
    await expectNothingCut(page);
    await page.context().close();
  });

  it("pans by dragging and hides the annotations", async () => {
    const page = await openReview();
    const canvas = await page.locator("canvas[role=img]").boundingBox();
    if (!canvas) throw new Error("no canvas");
    const middle = { x: canvas.width / 2, y: canvas.height / 2 };
    await page.keyboard.press("h");
    await choose(page.getByRole("combobox", { name: "Zoom" }), "400\u00a0%");
    await frames(page);
    const before = await pixel(page, middle.x, middle.y);
    await page.mouse.move(canvas.x + middle.x, canvas.y + middle.y);
    await page.mouse.down();
    await page.mouse.move(canvas.x + middle.x + 40, canvas.y + middle.y + 20, { steps: 4 });
    await page.mouse.up();
    await frames(page);
    expect(isClose(await pixel(page, middle.x + 40, middle.y + 20), before)).toBe(true);
    expect(await page.getByRole("button", { name: "Hide annotations" }).getAttribute("aria-pressed")).toBe("true");
    await page.context().close();
  });
});

describe("the annotation filter", () => {
  it("hides a label and what is uncertain, and says so beside Accept", async () => {
    const page = await openReview();
    for (let tries = 0; tries < 20 && (await page.getByRole("button", { name: /proposed$/ }).count()) < 2; tries += 1) {
      await page.keyboard.press("ArrowRight");
      await frames(page);
    }
    const before = await canvasPicture(page);
    await page.getByRole("button", { name: "Filter annotations" }).click();
    const panel = page.getByRole("group", { name: "Filter annotations" });
    const label = panel.getByRole("checkbox").first();
    await label.uncheck();
    await page.getByText(/^Includes \d+ hidden annotations?$/).waitFor();
    await expect.poll(() => canvasPicture(page)).not.toBe(before);
    await screenshot(page, "review-filter-dark-1280");
    await expectAccessible(page);
    await panel.getByRole("button", { name: "Show all" }).click();
    await page.getByText(/^Includes \d+ hidden annotations?$/).waitFor({ state: "hidden" });
    await expect.poll(() => canvasPicture(page)).toBe(before);
    await panel.getByRole("slider", { name: "Confidence from" }).focus();
    await page.keyboard.press("End");
    await page.getByText(/^Includes \d+ hidden annotations?$/).waitFor();
    await page.context().close();
  });

  it("each tool says how it works", async () => {
    const page = await openReview();
    await page.keyboard.press("b");
    await page.getByText("Drag to draw a box. Shift makes it square.").waitFor();
    await screenshot(page, "review-tool-hint-dark-1280");
    await page.keyboard.press("p");
    await page.getByText("Click each corner. Click the first one to close.").waitFor();
    await page.keyboard.press("Escape");
    await page.getByText("Click each corner.").waitFor({ state: "hidden" });
    await page.context().close();
  });

  it("Ctrl+Z returns to the image that was accepted, and Ctrl+Shift+Z accepts it again", async () => {
    const page = await openReview();
    const first = await name(page);
    const before = await reviewed(page);
    await page.keyboard.press("a");
    await page.waitForFunction((shown) => document.querySelector("h1")?.textContent !== shown, first);
    await page.keyboard.press("Control+z");
    await page.waitForFunction((wanted) => document.querySelector("h1")?.textContent === wanted, first);
    await expect.poll(() => reviewed(page)).toBe(before);
    await page.keyboard.press("Control+Shift+z");
    await expect.poll(() => reviewed(page)).toBe(before + 1);
    expect(await name(page)).toBe(first);
    await page.context().close();
  });
});

describe("two keys", () => {
  it("review several images, and Backspace takes it back", async () => {
    const page = await openReview();
    const before = await reviewed(page);
    const names: string[] = [];
    for (const key of ["a", "x", "a"]) {
      names.push(await name(page));
      await page.keyboard.press(key);
      await page.waitForFunction((shown) => document.querySelector("h1")?.textContent !== shown, names.at(-1));
    }
    expect(new Set(names).size).toBe(3);
    expect(await reviewed(page)).toBe(before + 3);
    for (const shown of names.toReversed()) {
      await page.keyboard.press("Backspace");
      await page.waitForFunction((wanted) => document.querySelector("h1")?.textContent === wanted, shown);
    }
    expect(await reviewed(page)).toBe(before);
    await page.keyboard.press("Backspace");
    await page.getByText("There is nothing to undo").waitFor();
    await page.context().close();
  });

  it("a digit says why, while the hint shows", async () => {
    const page = await openReview();
    const first = await name(page);
    await page.keyboard.press("x");
    await page.getByText(`rejected on ${first}`).waitFor();
    await screenshot(page, "review-reason-dark-1280");
    await page.keyboard.press("3");
    await page.getByText("Rejected: bad box").waitFor();
    await page.keyboard.press("ArrowLeft");
    await page.getByText("bad box", { exact: true }).first().waitFor();
    expect(await name(page)).toBe(first);
    await page.context().close();
  });

  it("with an annotation selected decide that one and select the next", async () => {
    const page = await openReview();
    for (let tries = 0; tries < 20 && (await page.getByRole("button", { name: /proposed$/ }).count()) < 2; tries += 1) {
      await page.keyboard.press("ArrowRight");
      await frames(page);
    }
    const shown = await name(page);
    const proposed = await page.getByRole("button", { name: /proposed$/ }).count();
    await page.keyboard.press("n");
    await page.keyboard.press("a");
    await page.waitForFunction(
      (left) => document.querySelectorAll("button[aria-label$=', proposed']").length === left,
      proposed - 1,
    );
    expect(await name(page)).toBe(shown);
    expect(await page.locator("button[aria-pressed='true'][aria-label$=', proposed']").count()).toBe(1);
    for (let left = proposed - 1; left > 0; left -= 1) await page.keyboard.press("x");
    await page.waitForFunction((was) => document.querySelector("h1")?.textContent !== was, shown);
    await page.context().close();
  });

  it("reach the end and say what is left", async () => {
    const page = await openReview("images=8");
    await page.keyboard.press("s");
    for (let press = 0; press < 20 && !(await page.getByText("That was the last image").isVisible()); press += 1) {
      await page.keyboard.press("a");
      await frames(page);
    }
    await page.getByText("1 image still needs a decision.").waitFor();
    await screenshot(page, "review-end-dark-1280");
    await page.getByRole("button", { name: "Go to the next one" }).click();
    await page.keyboard.press("a");
    await frames(page);
    expect(await page.getByTestId("reviewed").innerText()).toMatch(/^Reviewed (\d+) of \1$/);
    await page.context().close();
  });
});

describe.each(["dark", "light"] as const)("in the %s theme", (theme) => {
  it.each([
    [1280, 800],
    [1440, 900],
  ])("review is legible and reachable at %i x %i", async (width, height) => {
    const page = await openReview("", theme, width, height);
    for (let tries = 0; tries < 30 && !(await name(page)).startsWith("cafe"); tries += 1) {
      await page.keyboard.press(tries % 3 === 0 ? "a" : tries % 3 === 1 ? "s" : "x");
      await frames(page);
    }
    await photoDrawn(page);
    await page.keyboard.press("n");
    await page.keyboard.press("a");
    await page.waitForFunction(() => [...document.images].every((image) => image.complete));
    await screenshot(page, `review-${theme}-${width}`);
    await expectAccessible(page);
    await page.context().close();
  });

  it("an empty library says so", async () => {
    const page = await open(browser, { query: "images=0", theme });
    await page.getByRole("navigation", { name: "Screens" }).getByRole("button", { name: "Review" }).click();
    await page.getByRole("heading", { name: "Nothing to review" }).waitFor();
    await expectAccessible(page);
    await page.context().close();
  });
});
