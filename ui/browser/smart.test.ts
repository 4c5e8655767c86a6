/** Sort direction, labels combined by OR, and smart collections. */
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
const nameAt = (place: number) => cells().nth(place).locator(".foot .truncate").innerText();
const item = (name: string | RegExp) => page.getByRole("menuitem", { name });
const filters = () => page.locator("#library-sidebar").getByRole("group", { name: "Filters" });
const label = (name: string) => filters().locator("li", { hasText: name }).getByRole("button").first();
const chips = () => page.locator(".content .chips");
const smart = () => page.getByRole("navigation", { name: "Smart collections" });

async function opened(opening: Opening = {}): Promise<void> {
  page = await open(browser, opening);
  await cells().first().waitFor();
  await label("person").waitFor();
}

async function shown(): Promise<number> {
  const text = await page.locator(".content .about .muted").innerText();
  return Number(/^\d+/.exec(text)?.[0]);
}

it("reverses the order by button and key", async () => {
  await opened();
  await choose(page.getByRole("combobox", { name: "Sort by" }), "File name");
  await expect.poll(() => nameAt(0)).toMatch(/\.jpg$/);
  const first = await nameAt(0);
  await page.getByRole("button", { name: /^Sorted as named/ }).click();
  await expect.poll(() => nameAt(0)).not.toBe(first);
  const last = await nameAt(0);
  expect(last > first).toBe(true);
  await page.getByRole("listbox", { name: "Images" }).focus();
  await page.keyboard.press("r");
  await expect.poll(() => nameAt(0)).toBe(first);
});

describe("labels", () => {
  it("become alternatives by Ctrl+click and by menu", async () => {
    await opened();
    const names = (await filters().locator("li .truncate").allInnerTexts()).slice(0, 3) as [string, string, string];
    await label(names[1]).click();
    await chips().getByText(`With ${names[1]}`, { exact: true }).waitFor();
    await expect.poll(shown).toBeLessThan(60);
    const before = await shown();
    await label(names[2]).click({ modifiers: ["Control"] });
    await chips().getByText(`With ${names[1]} or ${names[2]}`, { exact: true }).waitFor();
    await expect.poll(shown).toBeGreaterThanOrEqual(before);
    expect(await label(names[2]).getAttribute("aria-pressed")).toBe("true");
    await label(names[0]).click({ button: "right" });
    await item(`Or “${names[0]}”`).click();
    await chips().getByText(`With ${names[1]}, ${names[2]}, or ${names[0]}`, { exact: true }).waitFor();
    await screenshot(page, "labels-or-dark-1280");
    await expectAccessible(page);
    await label(names[1]).click();
    await chips().getByText(`With ${names[2]} or ${names[0]}`, { exact: true }).waitFor();
  });
});

describe("a smart collection", () => {
  async function saved(name: string): Promise<void> {
    await page.keyboard.press("/");
    await page.keyboard.type("label:person|cup");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Save search…" }).click();
    await page.getByRole("textbox").last().fill(name);
    await page.keyboard.press("Enter");
    await smart().getByText(name, { exact: true }).waitFor();
  }

  it("is saved, opened, renamed, updated and deleted with undo", async () => {
    await opened();
    await saved("People");
    await page.getByText("“People” saved").waitFor();
    await expect.poll(shown).toBeLessThan(60);
    const number = await shown();
    await page.getByRole("button", { name: "Clear all" }).click();
    await page.locator(".content .about .muted", { hasText: /^60/ }).waitFor();
    await page.reload();
    await smart().getByText("People", { exact: true }).click();
    await chips().getByText("With person or cup", { exact: true }).waitFor();
    await expect.poll(shown).toBe(number);

    await smart().getByText("People", { exact: true }).click({ button: "right" });
    await item(/^Rename/).click();
    await page.keyboard.type("Crowd");
    await page.keyboard.press("Enter");
    await smart().getByText("Crowd", { exact: true }).waitFor();

    await page.getByRole("button", { name: /^Sorted as named/ }).click();
    await smart().getByText("Crowd", { exact: true }).click({ button: "right" });
    await item("Update from the current search").click();
    await page.getByText("“Crowd” now has the current search").waitFor();
    await expect.poll(() => smart().getByRole("button").first().getAttribute("aria-current")).toBe("true");

    await smart().getByRole("button").first().focus();
    await page.keyboard.press("Delete");
    await smart().waitFor({ state: "detached" });
    await page.keyboard.press("Control+z");
    await smart().getByText("Crowd", { exact: true }).waitFor();
  });

  it.each([
    ["dark", 1024, 700],
    ["light", 1440, 900],
  ] as const)("fits into the sidebar, %s %i", async (theme, width, height) => {
    await opened({ theme, width, height });
    await saved("People");
    await page.getByRole("button", { name: "Save search…" }).click();
    await screenshot(page, `smart-${theme}-${width}`);
    await expectNothingCut(page);
    await expectAccessible(page);
  });
});
