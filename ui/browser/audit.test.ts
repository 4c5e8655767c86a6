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

const dialog = () => page.getByRole("dialog", { name: "Accept above a threshold" });
const counted = () => dialog().getByText(/^\d[\d,]* of [\d,]+ proposals at/);
const looked = () => page.getByTestId("judged");

async function opened(opening: Opening = {}): Promise<void> {
  page = await open(browser, { query: "images=240", ...opening });
  await page.getByRole("option", { name: "lake_0001.jpg" }).waitFor();
  await page.getByRole("button", { name: "Accept above…" }).click();
  await dialog().waitFor();
}

/** Chooses cups and a sample of so many, and begins to look. */
async function begin(sample: number): Promise<number> {
  await dialog().getByRole("radio", { name: /^cup/ }).check();
  await dialog().getByRole("textbox", { name: "Sample" }).fill(String(sample));
  const above = Number(/^[\d,]+/.exec(await counted().innerText())?.[0].replace(",", ""));
  await dialog()
    .getByRole("button", { name: `Check a sample of ${sample}` })
    .click();
  await page.getByText("Is “cup” correct and well placed?").waitFor();
  return above;
}

/** Waits until the photograph is on the canvas. */
async function painted(): Promise<void> {
  await page.waitForFunction(() => {
    const canvas = document.querySelector("canvas");
    const middle = canvas?.getContext("2d")?.getImageData(canvas.width / 2, canvas.height / 2, 1, 1).data;
    return middle?.[3] === 255;
  });
}

describe("the threshold", () => {
  it("is the same by the keys of the histogram, by the slider and by the field", async () => {
    await opened();
    await dialog().getByRole("radio", { name: /^cup/ }).check();
    const all = await counted().innerText();
    const histogram = dialog().getByRole("slider", { name: /^Proposals by confidence/ });
    await histogram.focus();
    await page.keyboard.press("PageUp");
    await page.keyboard.press("ArrowRight");
    const field = dialog().getByRole("textbox", { name: "Threshold" });
    await expect.poll(() => field.inputValue()).toBe(".91");
    await expect.poll(() => counted().innerText()).not.toBe(all);
    await dialog().getByRole("slider", { name: "Threshold", exact: true }).focus();
    await page.keyboard.press("ArrowLeft");
    await expect.poll(() => field.inputValue()).toBe(".90");
    await field.fill("0,8");
    await field.press("Enter");
    await expect.poll(() => field.inputValue()).toBe(".80");
    await expect.poll(() => counted().innerText()).toBe(all);
    await field.fill("much");
    await field.press("Tab");
    await expect.poll(() => field.inputValue()).toBe(".80");
  });

  it("is about the images that were asked for", async () => {
    page = await open(browser, { query: "images=240" });
    await page.getByRole("combobox", { name: "Search" }).fill("label:cup -status:failed");
    await page.getByRole("button", { name: "Remove: With cup" }).waitFor();
    await page.keyboard.press("Control+k");
    await page.keyboard.type("accept above");
    await page.keyboard.press("Enter");
    await dialog().getByText("On images where: With cup, Not failed").waitFor();
    expect(await dialog().getByRole("radio", { name: /^cat/ }).count()).toBe(0);
  });
});

describe("a sample", () => {
  it("is judged with two keys, can be left and gone on with, and says what it found", async () => {
    await opened();
    const above = await begin(10);
    await expect.poll(() => looked().innerText()).toBe("Checked 0 of 10");
    await page.keyboard.press("a");
    await page.keyboard.press("a");
    await page.getByText("None of 2 is wrong. At most 77.6 % of all are wrong (95 % confidence).").waitFor();
    await page.keyboard.press("x");
    await page.getByText("Why was the last one wrong?").waitFor();
    await page.keyboard.press("3");
    await page.getByText("Why was the last one wrong?").waitFor({ state: "hidden" });
    await page.getByText("1 of 3 is wrong: 33.3 %.").waitFor();
    await page.keyboard.press("x");
    await expect.poll(() => looked().innerText()).toBe("Checked 4 of 10");
    await page.keyboard.press("Backspace");
    await expect.poll(() => looked().innerText()).toBe("Checked 3 of 10");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Accept above…" }).click();
    await dialog()
      .getByRole("button", { name: /^Continue, 3 of 10/ })
      .click();
    await page.getByText("1 of 3 is wrong: 33.3 %.").waitFor();
    for (let place = 3; place < 10; place += 1) await page.keyboard.press("a");
    await page
      .getByText(`1 of 10 is wrong: 10 %. With 95 % confidence, at most 39.4 % of all ${above} are wrong.`)
      .waitFor();
    // What was asked for is 5 %: more is looked at first, and accepting in spite of that is confirmed.
    const primary = page.locator("main .primary");
    await expect.poll(() => primary.innerText()).toMatch(/^Sample \d+ more$/);
    const accept = page.getByRole("button", { name: `Accept the other ${above - 10}` });
    await accept.click();
    const ask = page.getByRole("dialog", { name: `Accept ${above - 10} annotations above the error limit?` });
    await ask.getByText("Up to 39.4 % of them may be wrong (95 % confidence). Your limit is 5 %.").waitFor();
    await ask.getByRole("button", { name: "Cancel" }).click();
    await accept.click();
    await ask.getByRole("button", { name: `Accept ${above - 10} annotations` }).click();
    await page
      .locator(".toast")
      .getByText(`${above - 10} annotations of cup accepted unchecked`)
      .waitFor();
    await page.keyboard.press("Control+z");
    await page.getByText(/^Undone on \d+ images$/).waitFor();
    await accept.click();
    await ask.getByRole("button", { name: `Accept ${above - 10} annotations` }).click();
    await page.getByRole("button", { name: "Back", exact: true }).click();
    await page.getByRole("button", { name: "Accept above…" }).click();
    await dialog()
      .getByText(`${above - 10} accepted unchecked.`)
      .waitFor();
    // Every cup that was above is decided.
    expect(await dialog().getByRole("radio", { name: /^cup/ }).count()).toBe(0);
  });

  it("is zoomed and panned as in review, and the annotation is hidden for as long as it is looked at", async () => {
    await opened();
    await begin(5);
    await painted();
    const zoom = () => page.getByRole("combobox", { name: "Zoom" }).textContent();
    const drawn = () =>
      page.evaluate(() => document.querySelector<HTMLCanvasElement>("canvas[role=img]")?.toDataURL() ?? "");
    const around = await zoom();
    await page.keyboard.press("0");
    await expect.poll(zoom).toBe("100 %");
    await page.keyboard.press("+");
    await expect.poll(zoom).toBe("125 %");
    await page.keyboard.press("z");
    await expect.poll(zoom).toBe(around);
    const canvas = await page.locator("canvas[role=img]").boundingBox();
    if (!canvas) throw new Error("no canvas");
    const [x, y] = [canvas.x + canvas.width / 2, canvas.y + canvas.height / 2];
    const before = await drawn();
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.move(x + 60, y + 30, { steps: 3 });
    await page.mouse.up();
    await expect.poll(drawn).not.toBe(before);
    await page.mouse.wheel(0, -120);
    await expect.poll(zoom).not.toBe(around);
    await page.keyboard.press("z");
    await expect.poll(drawn).toBe(before);
    await page.keyboard.press("h");
    await expect.poll(drawn).not.toBe(before);
    const hide = page.getByRole("button", { name: "Hide the annotation" });
    await expect.poll(() => hide.getAttribute("aria-pressed")).toBe("true");
    await page.keyboard.press("a");
    await expect.poll(() => hide.getAttribute("aria-pressed")).toBe("false");
  });

  it("is extended until the bound is as low as was asked for, and only then accepting comes first", async () => {
    await opened({ query: "images=2400" });
    await dialog().getByRole("textbox", { name: "Error limit" }).fill("20");
    await begin(10);
    const primary = page.locator("main .primary");
    for (let place = 0; place < 10; place += 1) await page.keyboard.press("a");
    await page.getByText("Your limit is 20 %. About 4 more at this error rate would confirm it.").waitFor();
    await primary.and(page.getByRole("button", { name: "Sample 10 more" })).click();
    await expect.poll(() => looked().innerText()).toBe("Checked 10 of 20");
    for (let place = 0; place < 10; place += 1) await page.keyboard.press("a");
    await page.getByText("That is within your limit of 20 %.").waitFor();
    await expect.poll(() => primary.innerText()).toMatch(/^Accept the other \d+$/);
    // The limit is remembered.
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Accept above…" }).click();
    await expect.poll(() => dialog().getByRole("textbox", { name: "Error limit" }).inputValue()).toBe("20\u00a0%");
  });

  it("that was not good enough leads to a higher threshold", async () => {
    await opened();
    await begin(5);
    for (let place = 0; place < 5; place += 1) await page.keyboard.press("x");
    await page.getByRole("button", { name: "Choose a higher threshold" }).click();
    await expect.poll(() => dialog().getByRole("textbox", { name: "Threshold" }).inputValue()).toBe(".85");
    expect(await dialog().getByRole("radio", { name: /^cup/ }).isChecked()).toBe(true);
  });
});

describe.each(["dark", "light"] as const)("in the %s theme", (theme) => {
  it.each([
    { width: 1280, height: 800 },
    { width: 1920, height: 1200 },
  ])("is legible at $width x $height", async ({ width, height }) => {
    await opened({ query: "images=2400", theme, width, height });
    await dialog().getByRole("radio", { name: /^cup/ }).check();
    await screenshot(page, `audit-threshold-${theme}-${width}`);
    await expectAccessible(page);
    await expectNothingCut(page);
    await begin(12);
    for (const key of ["a", "a", "x", "a"]) await page.keyboard.press(key);
    await painted();
    await screenshot(page, `audit-sample-${theme}-${width}`);
    await expectAccessible(page);
    await expectNothingCut(page);
    for (let place = 4; place < 12; place += 1) await page.keyboard.press("a");
    await page.getByText("1 of 12 is wrong").first().waitFor();
    await screenshot(page, `audit-end-${theme}-${width}`);
    await expectAccessible(page);
    await expectNothingCut(page);
    await page.getByRole("button", { name: /^Accept the other/ }).click();
    await screenshot(page, `audit-ask-${theme}-${width}`);
    await expectAccessible(page);
    await page.getByRole("dialog").locator(".danger").click();
    await page.getByRole("button", { name: "Back", exact: true }).click();
    await page.getByRole("button", { name: "Accept above…" }).click();
    await dialog().getByText("Earlier audits").waitFor();
    await screenshot(page, `audit-earlier-${theme}-${width}`);
    await expectAccessible(page);
    await expectNothingCut(page);
  });
});

it("is legible in Spanish", async () => {
  page = await open(browser, { query: "images=240" });
  await page.evaluate(() => localStorage.setItem("fieldmark.language", '"es"'));
  await page.reload();
  await page.getByRole("button", { name: "Aceptar desde…" }).click();
  await page.getByRole("radio", { name: /^cup/ }).check();
  await screenshot(page, "es-audit-threshold-dark-1280");
  await expectNothingCut(page);
  await page.getByRole("button", { name: /^Comprobar una muestra/ }).click();
  await page.getByText("¿Es correcta «cup» y está bien colocada?").waitFor();
  await page.keyboard.press("x");
  await painted();
  await screenshot(page, "es-audit-sample-dark-1280");
  await expectNothingCut(page);
});
