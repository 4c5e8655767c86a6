import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

import { choose, expectAccessible, expectNothingCut, launch, open, type Opening, screenshot } from "./browser";

let browser: Browser;
let page: Page;
beforeAll(async () => {
  browser = await launch();
});
afterEach(() => page.context().close());
afterAll(() => browser.close());

const cells = () => page.getByRole("listbox", { name: "Images" }).getByRole("option");
const search = () => page.getByRole("combobox", { name: "Search" });
const suggestions = () => page.getByRole("listbox", { name: "Suggestions" });

async function opened(opening: Opening = {}): Promise<void> {
  page = await open(browser, opening);
  await cells().first().waitFor();
}

async function painted(): Promise<void> {
  await page.waitForFunction(() => [...document.images].every((image) => image.complete));
}

describe("annotations on thumbnails", () => {
  it("have names when thumbnails are large, and are hidden by a key", async () => {
    await opened();
    const overlays = page.locator("#library-grid svg.overlay");
    const names = page.locator("#library-grid [class*='label-']").filter({ hasText: /\w/ });
    await overlays.first().waitFor();
    expect(await names.count()).toBe(0);
    for (let step = 0; step < 12; step += 1) await page.keyboard.press("+");
    await names.first().waitFor();
    await painted();
    await screenshot(page, "library-names-dark-1280");
    await page.keyboard.press("h");
    await overlays.first().waitFor({ state: "detached" });
    expect(await names.count()).toBe(0);
    await page.getByRole("button", { name: "Show annotations" }).click();
    await names.first().waitFor();
  });
});

describe("a typed question", () => {
  it("completes itself, finds, and its images can be selected and opened", async () => {
    await opened();
    await page.keyboard.press("/");
    await page.keyboard.type("la");
    await suggestions().getByRole("option", { name: "label: a label on the image" }).waitFor();
    await page.keyboard.press("Tab");
    await suggestions().getByRole("option", { name: "label:person" }).waitFor();
    await page.keyboard.type("tra");
    await page.keyboard.press("ArrowDown");
    await suggestions().getByRole("option", { name: 'label:"traffic light"', selected: true }).waitFor();
    await page.keyboard.press("Enter");
    await expect.poll(() => search().inputValue()).toBe('label:"traffic light" ');
    await page.getByRole("option", { name: "lake_0001.jpg" }).waitFor({ state: "hidden" });
    await page.keyboard.type("st");
    // Escape closes the list if it is open, otherwise it leaves the field.
    await suggestions().waitFor();
    await page.keyboard.press("Escape");
    expect(await suggestions().isVisible()).toBe(false);
    await page.keyboard.type("atus:unreviewed");
    await page.getByRole("button", { name: "Remove: With traffic light" }).waitFor();
    await page.getByRole("radio", { name: /^Unreviewed/, checked: true }).waitFor();
    // With nothing taken up in the list, Enter leads to the grid.
    await page.keyboard.press("Enter");
    await page.locator("#library-grid:focus").waitFor();
    await page.keyboard.press("Home");
    await page.keyboard.press("Shift+ArrowRight");
    await page.getByRole("heading", { name: /^2 of \d+ selected$/ }).waitFor();
    await cells()
      .nth(3)
      .click({ modifiers: ["Shift"] });
    await page.getByRole("heading", { name: /^4 of/ }).waitFor();
    await cells()
      .nth(1)
      .click({ modifiers: ["Control"] });
    await page.getByRole("heading", { name: /^3 of/ }).waitFor();
    await page.keyboard.press("Control+a");
    const listed = await cells().count();
    await page.getByRole("heading", { name: `${listed} of ${listed} selected` }).waitFor();
    await page.getByRole("button", { name: `Review ${listed}` }).click();
    await page.getByRole("button", { name: "Review", exact: true }).and(page.locator("[aria-current=page]")).waitFor();
  });

  it("leads to its images by Enter, also before they have come", async () => {
    page = await open(browser, { slow: { image_ids: 500 } });
    await cells().first().waitFor();
    await search().fill("nothing is called so");
    await cells().first().waitFor({ state: "detached" });
    await search().fill("label:person");
    await search().press("Enter");
    await page.locator("#library-grid:focus").waitFor();
  });

  it("says where it is not understood, and goes on with what was", async () => {
    await opened();
    await search().pressSequentially("cat_ lable:dog");
    await page.getByText("There is no filter “lable:”").waitFor();
    expect(await page.locator("annotation").textContent()).toBe("lable");
    expect(await search().getAttribute("aria-invalid")).toBe("true");
    await page.getByRole("heading", { name: "All images" }).waitFor();
    await page.getByText("10 of 60 images").waitFor();
    await screenshot(page, "gallery-problem-dark-1280");
    await expectAccessible(page);
  });
});

describe("thumbnails", () => {
  it("keep the size that was chosen", async () => {
    await opened();
    const width = async () => (await cells().first().boundingBox())?.width ?? 0;
    const before = await width();
    for (let times = 0; times < 6; times += 1) await page.keyboard.press("+");
    await expect.poll(width).toBeGreaterThan(before + 20);
    const larger = await width();
    await page.reload();
    await cells().first().waitFor();
    expect(await width()).toBe(larger);
  });
});

describe("the sidebar", () => {
  const edge = () => page.getByRole("separator", { name: "Width of the sidebar" });
  const width = () => page.locator("#library-sidebar").evaluate((element) => element.clientWidth + 1);

  it("is dragged wider, stays so, and is reset", async () => {
    await opened();
    const box = await edge().boundingBox();
    if (!box) throw new Error("no edge");
    await page.mouse.move(box.x + 4, box.y + 200);
    await page.mouse.down();
    await page.mouse.move(box.x + 84, box.y + 220, { steps: 4 });
    await screenshot(page, "gallery-sidebar-dragged-dark-1280");
    await page.mouse.up();
    expect(await width()).toBe(320);
    await page.reload();
    await cells().first().waitFor();
    expect(await width()).toBe(320);
    await edge().dblclick();
    await expect.poll(width).toBe(240);
  });

  it("is moved by keys, within bounds", async () => {
    // Numbers of five digits: what is beside a wide list has to do with little room.
    await opened({ query: "images=12486" });
    await page.getByRole("button", { name: /^person/ }).waitFor();
    await edge().focus();
    await page.keyboard.press("ArrowRight");
    await expect.poll(width).toBe(256);
    expect(await edge().getAttribute("aria-valuenow")).toBe("256");
    // Both within one frame, as keys held down may come: the second goes on from where the first went.
    await edge().evaluate((element) => {
      for (const key of ["End", "ArrowRight"])
        element.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    });
    await expect.poll(width).toBe(400);
    await expectNothingCut(page);
    await expectAccessible(page);
    await screenshot(page, "gallery-sidebar-wide-dark-1280");
    await page.setViewportSize({ width: 1080, height: 720 });
    await expectNothingCut(page);
    await cells().nth(1).click();
    await cells()
      .nth(2)
      .click({ modifiers: ["Shift"] });
    await page.getByRole("heading", { name: /^2 of/ }).waitFor();
    await expectNothingCut(page);
    await page.setViewportSize({ width: 1280, height: 800 });
    await edge().focus();
    await page.keyboard.press("Home");
    await expect.poll(width).toBe(176);
    await expectNothingCut(page);
    await screenshot(page, "gallery-sidebar-narrow-dark-1280");
    await page.keyboard.press("Enter");
    await expect.poll(width).toBe(240);
  });
});

describe("filters", () => {
  it("find as many images as is written beside them, and say so as text", async () => {
    await opened();
    const beside = async (name: RegExp) =>
      Number((await page.getByRole("button", { name }).textContent())?.replace(/\D/g, "").slice(-2));
    const cups = await beside(/^cup \d+$/);
    expect(await beside(/^Accepted \d+$/)).toBeGreaterThan(cups);
    await page.getByRole("button", { name: /^cup \d+$/ }).click();
    await page.getByText(`${cups} of 60 images`).waitFor();
    await expect.poll(() => search().inputValue()).toBe("label:cup");
    // The counts come a moment after the images: of those with a cup no more can be accepted than there are.
    await expect.poll(() => beside(/^Accepted \d+$/)).toBeLessThanOrEqual(cups);
    const count = await beside(/^Accepted \d+$/);
    await page.getByRole("button", { name: /^Accepted/ }).click();
    await page.getByText(`${count} of 60 images`).waitFor();
    expect(await cells().count()).toBe(count);
    await page.getByRole("button", { name: "Exclude spoon" }).focus();
    await page.keyboard.press("Enter");
    await expect.poll(() => search().inputValue()).toBe("label:cup annotation:accepted -label:spoon");
    await page.getByRole("button", { name: "Clear all" }).click();
    await page.getByRole("option", { name: "lake_0001.jpg" }).waitFor();
  });

  it("by when photos were taken stand beside the grid, and order it", async () => {
    await opened({ query: "images=240" });
    await page.getByRole("button", { name: /^May 2026 \d+$/ }).click();
    await page.getByRole("button", { name: "Remove: Taken: May 2026" }).waitFor();
    await expect.poll(() => search().inputValue()).toBe("taken:2026-05");
    await choose(page.getByLabel("Sort by"), "Date taken");
    await page.keyboard.press("/");
    await page.keyboard.press("Control+a");
    await page.keyboard.type("taken:<2026-01");
    await page.getByRole("button", { name: "Remove: Taken: before 1 Jan 2026" }).waitFor();
    await page.keyboard.press("Enter");
    const days = await cells()
      .locator("[title*=Taken]")
      .evaluateAll((names) => names.map((name) => name.getAttribute("title")));
    expect(days.length).toBeGreaterThan(3);
    for (const day of days) expect(day).toMatch(/\n\d+ × \d+\nTaken \d+ Dec 2025, /);
  });

  it("stay folded when they were folded away", async () => {
    await opened();
    const group = () => page.locator("summary", { hasText: "Confidence" });
    const row = () => page.getByRole("button", { name: /^Under/ });
    await row().waitFor();
    await group().focus();
    await page.keyboard.press("Enter");
    await row().waitFor({ state: "hidden" });
    await page.reload();
    await page.getByRole("button", { name: /^Undecided/ }).waitFor();
    expect(await row().isVisible()).toBe(false);
    await group().click();
    await row().waitFor();
  });

  it("that find nothing can be loosened one by one", async () => {
    await opened();
    await search().fill("label:cat lake");
    await page.getByRole("heading", { name: "No image matches" }).waitFor();
    await page.getByRole("button", { name: /^With cat \d+ images$/ }).waitFor();
    await screenshot(page, "gallery-nothing-dark-1280");
    await expectAccessible(page);
    await page.getByRole("button", { name: /^With cat \d+ images$/ }).click();
    await page.getByRole("option", { name: "lake_0001.jpg" }).waitFor();
    await expect.poll(() => search().inputValue()).toBe("lake");
  });
});

it("annotations images that a run has still to do", async () => {
  await opened();
  await page.keyboard.press("Control+Enter");
  await page.getByRole("radio", { name: "Built-in detector" }).waitFor();
  await page.keyboard.press("Control+Enter");
  await page.getByRole("button", { name: "Pause" }).waitFor();
  await page.keyboard.press("Control+1");
  await page.getByRole("option", { name: "In a run" }).first().waitFor();
  await page.getByRole("radio", { name: /^Running/ }).waitFor();
});

it("takes larger and smaller thumbnails by key", async () => {
  await opened();
  const width = async () => (await cells().first().boundingBox())?.width ?? 0;
  const before = await width();
  await page.keyboard.press("+");
  await page.keyboard.press("+");
  await page.keyboard.press("+");
  await expect.poll(width).toBeGreaterThan(before);
  await page.keyboard.press("-");
  await page.keyboard.press("-");
  await page.keyboard.press("-");
  await expect.poll(width).toBe(before);
});

const sizes = [
  { width: 1280, height: 800 },
  { width: 1920, height: 1200 },
];

describe.each(["dark", "light"] as const)("in the %s theme", (theme) => {
  it.each(sizes)("is legible at $width x $height", async ({ width, height }) => {
    await opened({ query: "images=12486", theme, width, height });
    await page.getByRole("button", { name: /^person/ }).waitFor();
    await painted();
    await screenshot(page, `gallery-${theme}-${width}`);
    await expectAccessible(page);
    await expectNothingCut(page);
    await search().fill("-label:spoon conf:<0.5 ");
    await page.getByRole("button", { name: "Remove: Without spoon" }).waitFor();
    await search().press("ArrowDown");
    await suggestions().waitFor();
    await painted();
    await screenshot(page, `gallery-search-${theme}-${width}`);
    await expectAccessible(page);
    await search().press("Escape");
    await cells().nth(2).click();
    await cells()
      .nth(9)
      .click({ modifiers: ["Shift"] });
    await page.getByRole("heading", { name: /^8 of/ }).waitFor();
    await screenshot(page, `gallery-selected-${theme}-${width}`);
    await expectAccessible(page);
    await expectNothingCut(page);
  });
});
