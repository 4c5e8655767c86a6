import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

import { expectAccessible, expectNothingCut, launch, open, type Opening, screenshot } from "./browser";

let browser: Browser;
let page: Page;
beforeAll(async () => {
  browser = await launch();
});
afterEach(() => page.context().close());
afterAll(() => browser.close());

const SEEDED = "mistakes&images=240";
const cells = () => page.getByRole("listbox", { name: "Images" }).getByRole("option");
const search = () => page.getByRole("combobox", { name: "Search" });

async function opened(opening: Opening = {}): Promise<void> {
  page = await open(browser, { query: SEEDED, ...opening });
  await cells().first().waitFor();
}

async function painted(): Promise<void> {
  await page.waitForFunction(() => [...document.images].every((image) => image.complete));
}

describe("likely mistakes", () => {
  it("are found by a filter, repaired by one button, and taken back by another", async () => {
    await opened();
    const row = page.getByRole("button", { name: /^Under 0\.1 % of the image \d+$/ });
    const count = Number((await row.textContent())?.match(/(\d+)\s*$/)?.[1]);
    await row.click();
    await expect.poll(() => search().inputValue()).toBe("check:tiny");
    await page.getByRole("button", { name: "Remove: Likely mistake: under 0.1 % of the image" }).waitFor();
    const bar = page.getByRole("group", { name: "Under 0.1 % of the image" });
    await bar.getByText(`${count} images with annotations under 0.1 % of the image`).waitFor();
    const repair = bar.getByRole("button", { name: `Reject them on ${count} images` });
    const dialog = page.getByRole("dialog", { name: `Reject annotations on ${count} images?` });
    await repair.click();
    await dialog.getByText(`${count} annotations on ${count} images will be rejected.`).waitFor();
    await dialog.getByText(/reviewed\./).waitFor();
    await dialog.getByRole("button", { name: "Cancel" }).click();
    await repair.click();
    await dialog.getByRole("button", { name: `Reject ${count} annotations`, exact: true }).click();
    await page.getByText(`${count} annotations rejected or removed on ${count} images`).waitFor();
    await page.getByRole("heading", { name: "No image matches" }).waitFor();
    await page.getByRole("button", { name: "Undo" }).click();
    await page.getByText(`Undone on ${count} images`).waitFor();
    await repair.waitFor();
  });

  it("are undone by Ctrl+Z in the library and in review, wherever that was opened", async () => {
    await opened();
    await search().fill("check:tiny");
    const repair = page.getByRole("button", { name: /^Reject them on/ });
    const [, count = ""] = /on (\d+) images/.exec(await repair.innerText()) ?? [];
    const found = page.getByRole("heading", { name: "No image matches" });
    const reject = async () => {
      await repair.click();
      await page.getByRole("dialog").locator(".primary").click();
      await found.waitFor();
      // Ctrl+Z in a field undoes what was typed.
      await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
    };
    await reject();
    await page.keyboard.press("Control+z");
    await page.getByText(`Undone on ${count} images`).waitFor();
    await repair.waitFor();
    await page.keyboard.press("Control+Shift+z");
    await page.getByText(`Redone on ${count} images`).waitFor();
    await found.waitFor();
    await page.getByRole("navigation", { name: "Screens" }).getByRole("button", { name: "Review" }).click();
    await page.getByRole("heading", { name: "Annotations" }).waitFor();
    await page.keyboard.press("Control+z");
    await page.getByText(`Undone on ${count} images`).waitFor();
    await page.keyboard.press("Control+1");
    await repair.waitFor();
  });

  it("can be typed, and the list of completions says what they are", async () => {
    await opened();
    await page.keyboard.press("/");
    await page.keyboard.type("che");
    await page.getByRole("option", { name: /^check:\s*likely mistakes/ }).waitFor();
    await page.keyboard.press("Tab");
    await page.getByRole("option", { name: /odd_aspect\s*Unusual proportions/ }).waitFor();
    await page.keyboard.type("mis");
    await page.keyboard.press("Tab");
    await page.getByRole("button", { name: /^Correct them on \d+ images$/ }).waitFor();
  });

  it("are not offered to be taken back on another screen", async () => {
    await opened();
    await search().fill("check:outside");
    await page.getByRole("button", { name: /^Clip them at the edge on/ }).click();
    await page.getByRole("dialog").locator(".primary").click();
    await page.getByRole("button", { name: "Undo" }).waitFor();
    await page.keyboard.press("Control+5");
    await page.getByRole("button", { name: "Undo", exact: true }).waitFor({ state: "hidden" });
  });

  it("carry a sign in review, where a key leads to them and repairs them", async () => {
    await opened();
    await search().fill("check:duplicate");
    await page.getByRole("button", { name: /^Reject them on/ }).waitFor();
    await page.getByRole("button", { name: "Review", exact: true }).last().click();
    const marked = page.getByRole("button", { name: /^Likely a mistake: cat/ });
    await marked.waitFor();
    await page.keyboard.press("m");
    await page.getByText(/^It duplicates cat \.\d\d\.$/).waitFor();
    await page.keyboard.press("m");
    await marked.waitFor({ state: "hidden" });
    await page.getByText("duplicate", { exact: true }).waitFor();
    await page.keyboard.press("Backspace");
    await marked.waitFor();
  });
});

describe.each(["dark", "light"] as const)("in the %s theme", (theme) => {
  it.each([
    { width: 1280, height: 800 },
    { width: 1920, height: 1200 },
  ])("is legible at $width x $height", async ({ width, height }) => {
    await opened({ theme, width, height });
    await search().fill("check:odd_aspect ");
    await page.getByRole("button", { name: /^Reject them on/ }).waitFor();
    await search().press("Escape");
    await painted();
    await screenshot(page, `checks-library-${theme}-${width}`);
    await expectAccessible(page);
    await expectNothingCut(page);
    await search().fill("check:duplicate");
    await page.getByRole("group", { name: "Duplicates another annotation" }).waitFor();
    await page.getByRole("button", { name: "Review", exact: true }).last().click();
    await page.getByRole("button", { name: /^Likely a mistake: cat/ }).waitFor();
    await page.keyboard.press("m");
    await page.getByText(/^It duplicates cat/).waitFor();
    await painted();
    await screenshot(page, `checks-review-${theme}-${width}`);
    await expectAccessible(page);
    await expectNothingCut(page);
  });
});

it("is legible in Spanish", async () => {
  await opened();
  await page.evaluate(() => localStorage.setItem("fieldmark.language", '"es"'));
  await page.reload();
  await page.getByRole("button", { name: /^Proporciones inusuales/ }).click();
  await page.getByRole("button", { name: /^Rechazarlas en/ }).waitFor();
  await painted();
  await screenshot(page, "es-checks-dark-1280");
  await expectNothingCut(page);
});
