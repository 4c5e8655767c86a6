/** Selecting in the grid by a band. */
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

import { launch, open, type Opening, PREPARATION_MILLIS, prepare, screenshot } from "./browser";

let browser: Browser;
let page: Page;
beforeAll(async () => {
  browser = await launch();
});
beforeAll(() => prepare("images=100000"), PREPARATION_MILLIS);
afterEach(() => page.context().close());
afterAll(() => browser.close());

const grid = () => page.getByRole("listbox", { name: "Images" });
const cells = () => grid().getByRole("option");
const selected = () => page.locator('[role="option"][aria-selected="true"]');

async function opened(opening: Opening = {}): Promise<void> {
  page = await open(browser, opening);
  await cells().first().waitFor();
}

/** Between two cells, and in the middle of one. */
async function places(of: number, to: number) {
  const one = await cells().nth(of).boundingBox();
  const other = await cells().nth(to).boundingBox();
  if (!one || !other) throw new Error("no such cells");
  const ground = { x: one.x - 6, y: one.y - 6 };
  return { ground, middle: { x: other.x + other.width / 2, y: other.y + other.height / 2 } };
}

async function drag(of: number, to: number, release = true): Promise<void> {
  const { ground, middle } = await places(of, to);
  await page.mouse.move(ground.x, ground.y);
  await page.mouse.down();
  await page.mouse.move(middle.x, middle.y, { steps: 6 });
  if (release) await page.mouse.up();
}

describe("a band over the grid", () => {
  it("selects, adds, turns over, and is taken back", async () => {
    await opened();
    await drag(6, 12, false);
    await page.getByRole("heading", { name: "4 of 60 selected" }).waitFor();
    expect(await selected().count()).toBe(4);
    await screenshot(page, "gallery-band-dark-1280");
    await page.mouse.up();
    await page.locator(".band").waitFor({ state: "hidden" });
    await page.keyboard.down("Shift");
    await drag(3, 3);
    await page.keyboard.up("Shift");
    await page.getByRole("heading", { name: "5 of 60 selected" }).waitFor();
    await page.keyboard.down("Control");
    await drag(6, 7);
    await page.keyboard.up("Control");
    await page.getByRole("heading", { name: "3 of 60 selected" }).waitFor();
    await drag(1, 13, false);
    await page.getByRole("heading", { name: "9 of 60 selected" }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("heading", { name: "3 of 60 selected" }).waitFor();
    await page.mouse.up();
    await page.getByRole("heading", { name: "3 of 60 selected" }).waitFor();
  });

  it("leaves clicks, double clicks and keys what they were", async () => {
    await opened();
    await drag(6, 7);
    await page.getByRole("heading", { name: "2 of 60 selected" }).waitFor();
    // A click on the ground is no band.
    const { ground } = await places(8, 8);
    await page.mouse.click(ground.x, ground.y);
    await page.getByRole("heading", { name: "2 of 60 selected" }).waitFor();
    await page.keyboard.press("Shift+ArrowRight");
    await page.getByRole("heading", { name: "3 of 60 selected" }).waitFor();
    // A drag that begins on a cell draws nothing.
    const { middle } = await places(8, 1);
    await page.mouse.move(middle.x, middle.y);
    await page.mouse.down();
    await page.mouse.move(middle.x + 200, middle.y + 200, { steps: 4 });
    expect(await page.locator(".band").count()).toBe(0);
    await page.mouse.up();
    await cells().nth(1).click();
    await page.getByRole("heading", { name: "All images" }).waitFor();
    expect(await selected().count()).toBe(1);
    await cells().nth(1).dblclick();
    await page.getByRole("button", { name: "Review", exact: true }).and(page.locator("[aria-current=page]")).waitFor();
  });

  it("scrolls along at the edge, and counts what is out of sight", async () => {
    await opened({ query: "images=100000" });
    // The counts may need another row above the grid.
    await page.getByRole("radio", { name: /^All\s*100,000/ }).waitFor();
    const box = await grid().boundingBox();
    if (!box) throw new Error("no grid");
    await page.mouse.move(box.x + 8, box.y + 8);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width - 30, box.y + box.height + 40, { steps: 4 });
    const count = async () => parseInt((await page.getByRole("heading", { level: 1 }).textContent()) ?? "");
    await expect.poll(count, { timeout: 20_000 }).toBeGreaterThan(120);
    expect(await cells().count()).toBeLessThan(80);
    await screenshot(page, "gallery-band-100000-dark-1280");
    // Back up at the other edge: what was left behind is let go.
    await page.mouse.move(box.x + box.width - 30, box.y - 40, { steps: 4 });
    await expect.poll(() => grid().evaluate((element) => element.scrollTop), { timeout: 20_000 }).toBe(0);
    await page.getByRole("heading", { name: "All images" }).waitFor();
    expect(await selected().count()).toBe(0);
    await page.mouse.up();
  });
});
