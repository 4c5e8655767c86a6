import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

import { choose, expectAccessible, expectNothingCut, launch, open, screenshot } from "./browser";

let browser: Browser;
let page: Page;
beforeAll(async () => {
  browser = await launch();
});
afterEach(() => page.context().close());
afterAll(() => browser.close());

const palette = () => page.getByRole("combobox", { name: "Search for an action" });

describe("the command palette", () => {
  it.each(["dark", "light"] as const)("is legible and reachable in the %s theme", async (theme) => {
    page = await open(browser, { theme });
    await page.getByRole("option", { name: "lake_0001.jpg" }).waitFor();
    await page.keyboard.press("Control+k");
    await palette().waitFor();
    await page.getByRole("option", { name: "Go to the plan" }).waitFor();
    await screenshot(page, `palette-${theme}-1280`);
    await expectAccessible(page);
    await palette().fill("mus");
    await page.getByRole("option", { name: "Museum shelves" }).waitFor();
    await screenshot(page, `palette-found-${theme}-1280`);
    await expectAccessible(page);
  });

  it("goes, does and comes back by keys alone", async () => {
    page = await open(browser);
    await page.getByRole("option", { name: "lake_0001.jpg" }).waitFor();
    await page.keyboard.press("Control+k");
    await page.keyboard.type("museum");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Museum shelves" }).waitFor();
    await page.keyboard.press("Control+k");
    await page.keyboard.type("search the lib");
    await page.keyboard.press("Enter");
    await page.getByRole("combobox", { name: "Search" }).and(page.locator(":focus")).waitFor();
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+k");
    await palette().waitFor();
    await page.keyboard.press("Escape");
    await palette().waitFor({ state: "detached" });
  });

  it("opens at once over 100,000 images, none of which it lists", async () => {
    page = await open(browser, { query: "images=100000" });
    await page.getByRole("option", { name: "lake_0001.jpg" }).waitFor();
    const isThere = await page.evaluate(
      () =>
        new Promise<boolean>((answer) => {
          window.dispatchEvent(new KeyboardEvent("keydown", { key: "k", ctrlKey: true, cancelable: true }));
          // The frame after the press has it.
          requestAnimationFrame(() => answer(document.querySelector("[aria-modal='true'] [role='option']") !== null));
        }),
    );
    expect(isThere).toBe(true);
    expect(await page.locator("[aria-modal='true'] [role='option']").count()).toBeLessThan(50);
    // The first time, the library is prepared.
  }, 600_000);
});

describe("the sheet of shortcuts", () => {
  it("finds by name and by key", async () => {
    page = await open(browser);
    await page.keyboard.press("?");
    const sheet = page.getByRole("dialog", { name: "Keyboard shortcuts" });
    await sheet.getByText("Accept and next").waitFor();
    await screenshot(page, "sheet-dark-1280");
    await sheet.getByRole("searchbox").fill("zoom");
    await sheet.getByText("Accept and next").waitFor({ state: "detached" });
    expect(await sheet.locator("dt").allInnerTexts()).toEqual([
      "Zoom to 100 %",
      "Zoom in",
      "Zoom out",
      "Zoom to the selection",
      "Zoom to 100 %",
      "Zoom in",
      "Zoom out",
      "Zoom to the annotation",
      "Zoom to 100 %",
      "Zoom in",
      "Zoom out",
    ]);
    await sheet.getByRole("searchbox").fill("nothing such");
    await sheet.getByText("No shortcut matches").waitFor();
    await expectAccessible(page);
    await expectNothingCut(page);
  });
});

describe("the settings of the keyboard", () => {
  async function opened(theme: "dark" | "light" = "dark"): Promise<void> {
    page = await open(browser, { theme });
    await page.keyboard.press("?");
    await page.getByRole("button", { name: "Customize" }).click();
    await page.getByRole("heading", { name: "Keyboard" }).waitFor();
  }

  it.each(["dark", "light"] as const)("are legible and reachable in the %s theme", async (theme) => {
    await opened(theme);
    await screenshot(page, `keyboard-${theme}-1280`);
    await page.getByRole("button", { name: "Change the key of: Skip without deciding" }).click();
    await page.keyboard.press("a");
    await page.getByText("A is assigned to “Accept and next” and to “Skip without deciding”.").first().waitFor();
    await screenshot(page, `keyboard-conflict-${theme}-1280`);
    await expectAccessible(page);
    await expectNothingCut(page);
  });

  it("take a pressed key, tell a conflict, and keep what was settled", async () => {
    await opened();
    const change = page.getByRole("button", { name: "Change the key of: Skip without deciding" });
    await change.focus();
    await page.keyboard.press("Enter");
    await page.keyboard.press("Escape");
    expect(await page.getByText("1 key is assigned to two actions").count()).toBe(0);
    await page.keyboard.press("Enter");
    await page.keyboard.press("x");
    await page.getByText("1 key is assigned to two actions").waitFor();
    await page.getByRole("button", { name: "Keep for “Skip without deciding”" }).first().click();
    await page.getByText("1 key is assigned to two actions").waitFor({ state: "detached" });
    await page.reload();
    await page.getByRole("navigation", { name: "Screens" }).getByRole("button", { name: "Review" }).click();
    await page.getByRole("button", { name: "Skip X" }).waitFor();
    const shown = await page.getByRole("heading", { level: 1 }).innerText();
    await page.keyboard.press("x");
    await page.waitForFunction((was) => document.querySelector("h1")?.textContent !== was, shown);
    expect(await page.getByTestId("reviewed").innerText()).toBe("Reviewed 0 of 43");
  });

  it("page as another tool does, and give the keys back", async () => {
    await opened();
    await choose(page.getByRole("combobox", { name: "Preset" }), "CVAT");
    await page.getByText("F and D change the image").waitFor();
    await page.getByRole("navigation", { name: "Screens" }).getByRole("button", { name: "Review" }).click();
    const heading = page.getByRole("heading", { level: 1 });
    const shown = await heading.innerText();
    await page.keyboard.press("f");
    await page.waitForFunction((was) => document.querySelector("h1")?.textContent !== was, shown);
    await page.keyboard.press("d");
    await page.waitForFunction((wanted) => document.querySelector("h1")?.textContent === wanted, shown);
  });
});
