/** What holds on every screen: menus, dialogs, notices, drops. */
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";

import { launch, open } from "./browser";

let browser: Browser;
let page: Page;
beforeAll(async () => {
  browser = await launch();
});
afterEach(() => page.context().close());
afterAll(() => browser.close());

const first = () => page.getByRole("option", { name: "lake_0001.jpg" });
const focused = () => page.evaluate(() => document.activeElement?.tagName ?? "BODY");

async function openLibrary(): Promise<void> {
  page = await open(browser);
  await page.keyboard.press("Control+1");
  await first().waitFor();
}

it("shows no menu of the web view, but in text fields", async () => {
  await openLibrary();
  const isPrevented = (selector: string) =>
    page
      .locator(selector)
      .first()
      .evaluate(
        (element) => !element.dispatchEvent(new MouseEvent("contextmenu", { bubbles: true, cancelable: true })),
      );
  for (const part of ["img", "h1", "aside", "button", "main", "input[type='range']"])
    expect(await isPrevented(part), part).toBe(true);
  expect(await isPrevented("#library-search")).toBe(false);
});

it.each(["?", "Control+k"])("gives the keyboard back when what %s opened is closed", async (keys) => {
  await openLibrary();
  for (const isNowhere of [true, false]) {
    await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
    if (!isNowhere) await page.getByRole("button", { name: "All images" }).focus();
    await page.keyboard.press(keys);
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    await expect.poll(focused).not.toBe("BODY");
    await page.keyboard.press("Tab");
    expect(await focused()).not.toBe("BODY");
  }
});

it("empties the search of the shortcuts with Escape, then closes them", async () => {
  await openLibrary();
  await page.keyboard.press("?");
  const search = page.getByRole("searchbox", { name: "Search shortcuts" });
  await search.fill("zoom");
  await page.keyboard.press("Escape");
  expect(await search.inputValue()).toBe("");
  // WebKit's own search field would keep this key to itself.
  expect(await search.getAttribute("type")).toBe("text");
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "hidden" });
});

it("keeps long file names inside a notice", async () => {
  await openLibrary();
  await page.getByRole("button", { name: /^Museum shelves/ }).press("Delete");
  await page.getByRole("dialog").getByRole("button", { name: "Remove", exact: true }).click();
  const text = page.locator(".toast .text").first();
  await text.waitFor();
  await text.evaluate((element) => (element.textContent = `${"a".repeat(300)}.jpg`));
  const isInside = await text.evaluate((element) => {
    const [inner, outer] = [element, element.parentElement as Element].map((each) => each.getBoundingClientRect());
    const isWrapped = element.scrollWidth <= element.clientWidth;
    return (
      isWrapped &&
      inner &&
      outer &&
      inner.right <= outer.right &&
      outer.right <= window.innerWidth &&
      outer.height < 120
    );
  });
  expect(isInside).toBe(true);
});
