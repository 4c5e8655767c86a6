import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

import { launch, open, PREPARATION_MILLIS, prepare, screenshot } from "./browser";

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
const filter = (name: RegExp) => page.getByRole("radio", { name });

describe("an empty library", () => {
  it("takes the samples and shows them", async () => {
    page = await open(browser, { query: "images=0" });
    await page.getByRole("button", { name: "Try with the samples" }).click();
    await cells().nth(5).waitFor();
    expect(await cells().count()).toBe(6);
    await page.getByRole("status").getByText("6 images added").waitFor();
    await page.getByRole("button", { name: "Annotate 6 images…" }).waitFor();
  });
});

describe("100,000 images", () => {
  it("scroll from end to end with few cells in the document", async () => {
    page = await open(browser, { query: "images=100000" });
    await cells().first().waitFor();
    const most = async () => page.evaluate(() => document.querySelectorAll("*").length);
    expect(await cells().count()).toBeLessThan(80);
    for (const share of [0.25, 0.6, 1]) {
      await grid().evaluate((element, to) => {
        element.scrollTop = element.scrollHeight * to;
      }, share);
      await page.waitForFunction(() => document.querySelector('[role="option"] .foot .truncate') !== null);
      expect(await most()).toBeLessThan(3000);
    }
    await page.getByRole("option", { name: "100000" }).waitFor();
    await screenshot(page, "library-100000-dark-1280");
  });

  it("are stepped through by keys to the last and back", async () => {
    page = await open(browser, { query: "images=100000" });
    await cells().first().waitFor();
    await grid().focus();
    await page.keyboard.press("End");
    await page.getByRole("option", { name: "100000", selected: true }).waitFor();
    await page.keyboard.press("Home");
    await page.getByRole("option", { name: "lake_0001.jpg", selected: true }).waitFor();
  });

  it("keep working at sizes at which a browser's scroll bar ends", async () => {
    page = await open(browser, { query: "images=100000" });
    await cells().first().waitFor();
    await page.getByRole("slider", { name: "Thumbnail size" }).focus();
    await page.keyboard.press("End");
    await grid().focus();
    await page.keyboard.press("End");
    await page.getByRole("option", { name: "100000", selected: true }).waitFor();
    // The list scrolls to it after it is selected.
    const isWholeInView = () =>
      page.evaluate(() => {
        const cell = document.querySelector('[aria-selected="true"]')?.getBoundingClientRect();
        const list = document.querySelector("#library-grid")?.getBoundingClientRect();
        return cell && list && cell.top >= list.top && cell.bottom <= list.bottom;
      });
    await expect.poll(isWholeInView).toBe(true);
  });
});

describe("the keyboard", () => {
  it("moves, selects, extends, and opens review and the plan", async () => {
    page = await open(browser);
    await cells().first().waitFor();
    await grid().focus();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowDown");
    await page.getByRole("option", { name: "lake_0007.jpg", selected: true }).waitFor();
    await page.keyboard.press("Shift+ArrowRight");
    await page.keyboard.press("Shift+ArrowRight");
    await page.getByText("3 selected of 60").waitFor();
    await page.getByRole("button", { name: "Annotate 3 images…" }).waitFor();
    await page.keyboard.press("Control+Enter");
    await page.getByRole("heading", { name: "Quote for 3 images" }).waitFor();
    await page.keyboard.press("Control+1");
    await cells().first().waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Annotate 60 images…" }).waitFor();
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Review", exact: true }).and(page.locator("[aria-current=page]")).waitFor();
    await page.keyboard.press("Control+2");
    await page.getByRole("radio", { name: "Built-in detector" }).focus();
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
  });

  it("goes on in the grid where review ended", async () => {
    page = await open(browser);
    await cells().first().waitFor();
    await grid().focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Review", exact: true }).and(page.locator("[aria-current=page]")).waitFor();
    await page.keyboard.press("Control+1");
    await cells().first().waitFor();
    await page.locator('[role="listbox"][aria-activedescendant="image-6"]').waitFor();
    await page.keyboard.press("ArrowRight");
    await page.getByRole("option", { name: "lake_0007.jpg", selected: true }).waitFor();
  });

  it("searches", async () => {
    page = await open(browser);
    await cells().first().waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("no such file");
    await page.getByRole("heading", { name: "No image matches" }).waitFor();
    await page.keyboard.press("Control+a");
    await page.keyboard.type("cat_");
    await page.getByRole("option", { name: "cat_0006.jpg" }).waitFor();
    await expect.poll(() => cells().count()).toBe(10);
    // The letters went on into the field, though the grid had come back meanwhile.
    expect(await page.getByRole("combobox", { name: "Search" }).inputValue()).toBe("cat_");
    await page.keyboard.press("Escape");
    await page.getByRole("option", { name: "lake_0001.jpg" }).waitFor();
  });
});

it("filters by review state as its counts say", async () => {
  page = await open(browser);
  await cells().first().waitFor();
  await filter(/^Failed/).click();
  await page.getByRole("option", { name: "File unreadable" }).first().waitFor();
  const failed = await cells().count();
  await page.getByRole("radio", { name: `Failed ${failed}`, exact: true }).waitFor();
});

it("changes collections", async () => {
  page = await open(browser);
  await page.getByRole("button", { name: "Museum shelves 15" }).click();
  await page.getByRole("heading", { name: "Museum shelves" }).waitFor();
  await page.getByRole("button", { name: "Annotate 15 images…" }).waitFor();
});

describe("a collection", () => {
  const collection = (name: string) => page.getByRole("button", { name: new RegExp(`^${name}`, "u") });

  it("is renamed by key, and removed after a question, which can be undone", async () => {
    page = await open(browser);
    await collection("Museum shelves").focus();
    await page.keyboard.press("F2");
    await page.keyboard.type("Museum");
    await page.keyboard.press("Enter");
    await collection("Museum \\d").waitFor();

    await collection("Museum").press("Delete");
    const dialog = page.getByRole("dialog", { name: "Remove “Museum”?" });
    await dialog.getByText("The files stay where they are.").waitFor();
    await screenshot(page, "collection-remove-dark-1280");
    await dialog.getByRole("button", { name: "Remove", exact: true }).click();
    await collection("Museum").waitFor({ state: "hidden" });
    await collection("All images").getByText("45").waitFor();
    await page.getByRole("button", { name: "Undo" }).click();
    await collection("Museum").waitFor();
    await collection("All images").getByText("60").waitFor();

    // Ctrl+Z means the removal as well, and no earlier decision.
    await collection("Museum").press("Delete");
    await dialog.getByRole("button", { name: "Remove", exact: true }).click();
    await collection("Museum").waitFor({ state: "hidden" });
    await page.keyboard.press("Control+z");
    await page.getByText("“Museum” restored").waitFor();
    await collection("Museum").waitFor();
  });

  it("has a menu on the right button and from the keyboard", async () => {
    page = await open(browser);
    await collection("Museum shelves").click({ button: "right" });
    const menu = page.getByRole("menu", { name: "Actions for Museum shelves" });
    const choices = (await menu.getByRole("menuitem").allTextContents()).map((text) =>
      text.trim().replace(/\s+/g, " "),
    );
    expect(choices).toEqual(["Rename F2", "Plan a run…", "Remove… Del"]);
    await screenshot(page, "collection-menu-dark-1280");
    await page.keyboard.press("Escape");
    await menu.waitFor({ state: "hidden" });
    await page.getByRole("button", { name: "Actions for Museum shelves" }).press("Enter");
    await page.keyboard.press("Enter");
    expect(await page.getByLabel("Name of the collection").inputValue()).toBe("Museum shelves");
    await page.keyboard.press("Escape");
  });
});

describe("while one filters", () => {
  it.each([1024, 1280, 1440])("the search field stays where it is at %i pixels", async (width) => {
    page = await open(browser, { query: "images=2400", width, height: 700 });
    await cells().first().waitFor();
    const search = page.getByRole("combobox", { name: "Search" });
    const field = page.locator(".search");
    await page.getByRole("radio", { name: /^All\s*2,400/ }).waitFor();
    const before = await field.boundingBox();
    for (const text of ["label:cat", "label:cat label:nothing", "conf:<0.3"]) {
      await search.fill(text);
      await page.waitForFunction(() => !document.querySelector(".segmented label")?.textContent.includes("2,400"));
      expect(await field.boundingBox()).toEqual(before);
    }
  });

  it("filters keep their places under the pointer", async () => {
    page = await open(browser, { query: "images=2400&mistakes" });
    await cells().first().waitFor();
    const rows = page.locator("aside .filter .item");
    const names = () => page.locator("aside .filter .item .truncate").allInnerTexts();
    await rows.filter({ hasText: "cat" }).first().waitFor();
    const before = await names();
    for (const name of ["cat", "cup"]) {
      const counts = await rows.allInnerTexts();
      await rows.filter({ hasText: name }).first().click();
      await expect.poll(() => rows.allInnerTexts()).not.toEqual(counts);
      expect(await names()).toEqual(before);
    }
  });

  it("the button that excludes a label covers no digit of its count", async () => {
    page = await open(browser, { query: "images=100000", width: 1024, height: 700 });
    await cells().first().waitFor();
    const row = page.locator("aside .filter").filter({ hasText: "cup" }).first();
    await row.hover();
    const [count, exclude] = [await row.locator(".count").boundingBox(), await row.locator(".exclude").boundingBox()];
    expect((count?.x ?? 0) + (count?.width ?? 0)).toBeLessThanOrEqual(exclude?.x ?? 0);
  });
});
