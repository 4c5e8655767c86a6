/** Context menus of images, annotations, the photo and collections. */
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

import { expectAccessible, launch, open, type Opening, screenshot } from "./browser";

let browser: Browser;
let page: Page;
beforeAll(async () => {
  browser = await launch();
});
afterEach(() => page.context().close());
afterAll(() => browser.close());

const grid = () => page.getByRole("listbox", { name: "Images" });
const cells = () => grid().getByRole("option");
const item = (name: string | RegExp) => page.getByRole("menuitem", { name });
const radio = (name: string | RegExp) => page.getByRole("menuitemradio", { name });

async function library(opening: Opening = {}): Promise<void> {
  page = await open(browser, opening);
  await page.keyboard.press("Control+1");
  await cells().first().waitFor();
  await cells().first().locator(".foot .truncate").waitFor();
}

async function review(opening: Opening = {}): Promise<void> {
  page = await open(browser, opening);
  await page.keyboard.press("Control+4");
  await page.locator("ul.annotations li").first().waitFor();
}

const total = (number: number) => page.locator(".content .about .muted", { hasText: `${number} images` });
const nameAt = (place: number) => cells().nth(place).locator(".foot .truncate").innerText();
const menuItems = () => page.locator("[role=menuitem], [role=menuitemradio]").allInnerTexts();
const plain = (texts: string[]) => texts.map((text) => text.split("\n")[0]);

describe("the menu of an image", () => {
  it("offers what can be done with it, and nothing that only a desktop can do", async () => {
    await library();
    await cells().nth(1).click({ button: "right" });
    await item(/^Review/).waitFor();
    expect(plain(await menuItems())).toEqual(["Review", "Annotate…", "Copy path", "Info", "Remove from library"]);
    expect(await cells().nth(1).getAttribute("aria-selected")).toBe("true");
    await screenshot(page, "menu-image-dark-1280");
    await expectAccessible(page);
    await page.keyboard.press("Escape");
    await item(/^Review/).waitFor({ state: "detached" });
    await expect.poll(() => grid().evaluate((element) => element === document.activeElement)).toBe(true);
    await cells().nth(1).click({ button: "right" });
    await item(/^Review/).click();
    await page.locator("ul.annotations li").first().waitFor();
  });

  it("shows the file on a desktop", async () => {
    page = await open(browser);
    await page.route("**/api/call/front_end", (route) =>
      route.fulfill({ json: { is_desktop: true, is_read_only: false, roots: [] } }),
    );
    await page.reload();
    await cells().first().waitFor();
    const shown = page.waitForRequest("**/api/call/show_image_file");
    await cells().nth(1).click({ button: "right" });
    await item("Show in folder").click();
    await shown;
  });

  it("is about the whole selection, and opens by key", async () => {
    await library();
    await cells().nth(0).click();
    await page.keyboard.press("Shift+ArrowRight");
    await page.keyboard.press("Shift+ArrowRight");
    await page.keyboard.press("Shift+F10");
    await item("Annotate 3 images…").click();
    await page.getByText("3 images", { exact: false }).first().waitFor();
    expect(await page.locator("[aria-current=page]").innerText()).toContain("Plan");
  });

  it("copies the path", async () => {
    await library();
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    const name = await nameAt(2);
    await cells().nth(2).click();
    await page.keyboard.press("ContextMenu");
    await item("Copy path").click();
    await page.getByText("Path copied").waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toMatch(new RegExp(`/.*${name}$`));
  });

  it("removes images, which the notice and Ctrl+Z bring back", async () => {
    await library();
    const first = await nameAt(0);
    await cells().nth(0).click();
    await page.keyboard.press("Shift+ArrowRight");
    await cells().nth(0).click({ button: "right" });
    await item(/^Remove from library 2/).click();
    await page.getByText("2 images removed").waitFor();
    await expect.poll(() => nameAt(0)).not.toBe(first);
    await total(58).waitFor();
    await page.getByRole("button", { name: "Undo", exact: true }).click();
    await total(60).waitFor();
    await expect.poll(() => nameAt(0)).toBe(first);
    await cells().nth(0).click();
    await page.keyboard.press("Delete");
    await total(59).waitFor();
    await page.keyboard.press("Control+z");
    await total(60).waitFor();
    await page.getByText("1 image restored").waitFor();
  });
});

describe("the menu of a collection", () => {
  it("plans a run", async () => {
    await library();
    const row = page.getByRole("navigation", { name: "Collections" }).getByRole("button").nth(1);
    await row.focus();
    await page.keyboard.press("Shift+F10");
    await item(/^Rename/).waitFor();
    expect(plain(await menuItems())).toEqual(["Rename", "Plan a run…", "Remove…"]);
    await item("Plan a run…").click();
    await page.locator("[aria-current=page]", { hasText: "Plan" }).waitFor();
  });
});

describe("menus in review", () => {
  it("of an annotation change its label, decide and delete it", async () => {
    await review();
    const rows = page.locator("ul.annotations li");
    await rows.first().click({ button: "right" });
    await item(/^Change label/).waitFor();
    await screenshot(page, "menu-annotation-dark-1280");
    // The rejection of the only proposal leads to the next image.
    const name = await page.locator(".toolbar h1").innerText();
    await item(/^Reject/).click();
    await page.getByText(`1 annotation rejected on ${name}`).waitFor();
    await rows.first().waitFor();
    await rows.first().click({ button: "right" });
    await item(/^Change label/).click();
    const field = page.getByRole("combobox", { name: "Label" });
    await expect.poll(() => field.evaluate((element) => element === document.activeElement)).toBe(true);
    await page.keyboard.type("teapot");
    await page.keyboard.press("Enter");
    await page.locator("ul.annotations li", { hasText: "teapot" }).waitFor();
    const before = await rows.count();
    await page.locator("ul.annotations li", { hasText: "teapot" }).click({ button: "right" });
    await item(/^Duplicate/).click();
    await expect.poll(() => rows.count()).toBe(before + 1);
    await page.keyboard.press("Shift+F10");
    await item(/^Delete/).click();
    await expect.poll(() => rows.count()).toBe(before);
  });

  it("of the photo zooms, chooses tools and hides annotations", async () => {
    await review();
    await page.keyboard.press("Shift+F10");
    await item(/^Zoom to 100 %/).click();
    await page.getByText("100 %").first().waitFor();
    await page.keyboard.press("Shift+F10");
    await radio(/^Polygon/).click();
    expect(await page.getByRole("button", { name: "Polygon" }).getAttribute("aria-pressed")).toBe("true");
    await page.keyboard.press("v");
    await page.keyboard.press("Shift+F10");
    await item(/^Hide annotations/).click();
    await page.keyboard.press("Shift+F10");
    await item(/^Show annotations/).waitFor();
    await screenshot(page, "menu-photo-dark-1280");
  });

  it("of the photo removes the image, and Ctrl+Z returns to it", async () => {
    await review();
    const name = () => page.locator(".toolbar h1").innerText();
    await page.keyboard.press("ArrowRight");
    const removed = await name();
    await page.keyboard.press("Shift+F10");
    await item("Remove from library").click();
    await page.getByText("1 image removed").waitFor();
    await expect.poll(name).not.toBe(removed);
    await page.keyboard.press("Control+z");
    await page.getByText("1 image restored").waitFor();
    await expect.poll(name).toBe(removed);
  });
});
