import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

import { words } from "../src/messages";
import {
  choose,
  expectAccessible,
  expectNothingCut,
  launch,
  open,
  type Opening,
  screenshot,
  showSettingsPage,
} from "./browser";

let browser: Browser;
let page: Page;
beforeAll(async () => {
  browser = await launch();
});
afterEach(() => page.context().close());
afterAll(() => browser.close());

async function openCompare(opening: Opening = {}): Promise<Page> {
  page = await open(browser, opening);
  await page.keyboard.press("Control+6");
  await page.getByRole("region", { name: "Choose" }).waitFor();
  await photoDrawn();
  return page;
}

/** Waits until the photograph, not only the ground, is on the canvas. */
async function photoDrawn(): Promise<void> {
  await page.waitForFunction(() => {
    const canvas = document.querySelector("canvas");
    const middle = canvas?.getContext("2d")?.getImageData(canvas.width / 2, canvas.height / 2, 1, 1).data;
    return middle?.[3] === 255;
  });
}

const selected = () => page.locator(".pairs [aria-pressed=true]");
const place = () => page.getByTestId("place").innerText();

/** Looks through the images for a difference of this kind, and selects it. */
async function select(kind: RegExp): Promise<void> {
  for (let image = 0; image < 20; image += 1) {
    const found = page.locator(".pairs").getByRole("button", { name: kind }).first();
    if ((await found.count()) > 0) {
      await found.click();
      return;
    }
    await page.keyboard.press("ArrowRight");
    await photoDrawn();
  }
  throw new Error(`no difference like ${String(kind)}`);
}

describe("comparing two runs", () => {
  it("shows what differs, the first difference selected, and the figures of both", async () => {
    await openCompare();
    expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe(
      "Run 2 Built-in detector ↔ Run 1 Built-in detector",
    );
    expect(await place()).toMatch(/^Image 1 of \d+$/);
    await page.getByText(/^\d+ of \d+ images differ$/).waitFor();
    await page.getByText(/^\d+ objects differ, \d+ agreed$/).waitFor();
    expect(await selected().count()).toBe(1);
    expect(await page.getByRole("row", { name: /^Agreement \d+ % \d+ %$/ }).count()).toBe(1);
  });

  it("chooses with a key, goes on, and takes it back", async () => {
    await openCompare({ query: "images=120" });
    await select(/^Different label/);
    const [label, at] = [await selected().textContent(), await place()];
    const [, other] = /Different label(.+) or (.+)to decide/.exec(label?.replaceAll(/\s+/g, " ") ?? "")?.slice(1) ?? [];
    await page.keyboard.press("2");
    await page.keyboard.press("Backspace");
    await expect.poll(place).toBe(at);
    await expect.poll(() => selected().textContent()).toBe(label);
    await page.keyboard.press("2");
    await page.keyboard.press("Control+4");
    await page.getByRole("heading", { name: "Annotations" }).waitFor();
    await page.keyboard.press("Control+6");
    // Back where one was; if that is the next image by now, one image back.
    await expect.poll(place).toMatch(/^Image/);
    if ((await place()) !== at) await page.keyboard.press("ArrowLeft");
    await expect.poll(place).toBe(at);
    await page.getByRole("button", { name: /^Different label.*B kept$/ }).waitFor();
    expect(other?.trim()).not.toBe("");
  });

  it("accepts what both agree on, and says when it is through", async () => {
    await openCompare({ query: "images=30" });
    const total = Number(/of (\d+)/.exec(await place())?.[1]);
    for (let image = 1; image <= total; image += 1) {
      await expect.poll(place).toMatch(new RegExp(`^Image ${image} of`));
      await page.locator(".pairs button").first().waitFor();
      await page.keyboard.press("a");
    }
    await page.getByRole("heading", { name: "That was the last image" }).waitFor();
    await screenshot(page, "compare-end-dark-1280");
    await expectAccessible(page);
    await page.getByRole("button", { name: "Go to the next one" }).click();
    await expect.poll(place).toMatch(/^Image \d+ of/);
  });

  it("draws A whole, B broken, and what both agree on only when it is wanted", async () => {
    await openCompare({ query: "images=120" });
    const drawn = () =>
      page.evaluate(() => document.querySelector<HTMLCanvasElement>("canvas[role=img]")?.toDataURL() ?? "");
    await select(/^Both/);
    await page.keyboard.press("n");
    // The photo comes in levels: what is compared with must have stopped changing.
    let before = "";
    await expect.poll(async () => before === (before = await drawn()), { interval: 300 }).toBe(true);
    await page.keyboard.press("h");
    await expect.poll(drawn).not.toBe(before);
    expect(await page.locator(".pairs").getByRole("button", { name: /^Both/ }).count()).toBe(0);
    await page.keyboard.press("h");
    await expect.poll(drawn).toBe(before);
  });

  it("zooms to a difference that is too small to judge, and back", async () => {
    await openCompare({ query: "images=120", width: 1080, height: 700 });
    const zoom = () => page.getByRole("combobox", { name: "Zoom" }).textContent();
    const fitted = await zoom();
    await page.keyboard.press("0");
    await expect.poll(zoom).toBe("100 %");
    await page.keyboard.press("f");
    await expect.poll(zoom).toBe(fitted);
    await screenshot(page, "compare-dark-1080");
    await expectNothingCut(page);
  });
});

describe("the ways to a comparison", () => {
  it("are history, where the other side is chosen, and back by Escape", async () => {
    page = await open(browser);
    await page.keyboard.press("Control+5");
    await page.getByRole("button", { name: "Compare with…" }).waitFor();
    await page.keyboard.press("c");
    const dialog = page.getByRole("dialog", { name: "Compare run 2 with" });
    await dialog.waitFor();
    await screenshot(page, "compare-choose-dark-1280");
    await expectAccessible(page);
    await page.keyboard.press("Enter");
    await page.getByRole("combobox", { name: "Side B" }).waitFor();
    expect(await page.getByRole("combobox", { name: "Side B" }).innerText()).toBe(words.compare.decided);
    await screenshot(page, "compare-decided-dark-1280");
    await page.keyboard.press("Escape");
    await page.getByRole("heading", { name: "Runs", exact: true }).waitFor();
  });

  it("are review, and the command palette from anywhere", async () => {
    page = await open(browser);
    await page.keyboard.press("Control+4");
    await page.getByRole("button", { name: "Compare", exact: true }).click();
    await page.getByRole("region", { name: "Choose" }).waitFor();
    await page.keyboard.press("Control+1");
    await page.keyboard.press("Control+k");
    await page.keyboard.type("compare");
    await page.getByRole("option", { name: "Compare runs", selected: true }).waitFor();
    await page.keyboard.press("Enter");
    await page.getByRole("region", { name: "Choose" }).waitFor();
  });

  it("change sides on the spot, and the keys stay with the differences", async () => {
    await openCompare();
    await choose(page.getByRole("combobox", { name: "Side A" }), "Run 1 Built-in detector");
    await page.getByRole("heading", { name: "Run 1 Built-in detector ↔ Run 2 Built-in detector" }).waitFor();
    await page.getByRole("region", { name: "Choose" }).waitFor();
    const at = await place();
    await page.keyboard.press("s");
    await expect.poll(place).not.toBe(at);
  });
});

describe.each(["dark", "light"] as const)("where there is nothing to compare, in the %s theme", (theme) => {
  it.each([
    ["none", "Nothing to compare yet", { query: "images=0" }],
    ["failed", "The comparison failed", { refuses: { compare_sides: {} } }],
  ])("with %s it says what is missing", async (name, title, opening) => {
    page = await open(browser, { ...opening, theme });
    await page.keyboard.press("Control+6");
    await page.getByRole("heading", { name: title }).waitFor();
    await screenshot(page, `compare-${name}-${theme}-1280`);
    await expectAccessible(page);
    await expectNothingCut(page);
  });
});

it("asks for a review if nothing is decided, and offers other sides", async () => {
  page = await open(browser, { query: "images=12" });
  await page.keyboard.press("Control+6");
  await page.getByRole("button", { name: "Swap A and B" }).click();
  await choose(page.getByRole("combobox", { name: "Side B" }), words.compare.decided);
  await page.getByRole("heading", { name: "None of these images is reviewed yet" }).waitFor();
  await screenshot(page, "compare-apart-dark-1280");
  await expectAccessible(page);
  await page.getByRole("button", { name: "Review annotations" }).click();
  await page.getByRole("heading", { name: "Annotations" }).waitFor();
});

it("reads as well in Spanish", async () => {
  page = await open(browser, { query: "images=120" });
  await page.keyboard.press("Control+,");
  await showSettingsPage(page, "Appearance");
  await page.getByRole("radio", { name: "Español" }).check();
  await page.getByRole("heading", { name: "Ajustes" }).waitFor();
  await page.keyboard.press("Control+6");
  await page.getByRole("region", { name: "Elegir" }).waitFor();
  await photoDrawn();
  await select(/^Ambos/);
  await screenshot(page, "compare-es-dark-1280");
  await expectAccessible(page);
  await expectNothingCut(page);
});

describe.each(["dark", "light"] as const)("in the %s theme", (theme) => {
  it.each([
    [1280, 800],
    [1920, 1200],
  ])("the comparison is legible and reachable at %i x %i", async (width, height) => {
    await openCompare({ theme, width, height });
    await screenshot(page, `compare-${theme}-${width}`);
    await expectAccessible(page);
    await expectNothingCut(page);
    await select(/^Different label/);
    await screenshot(page, `compare-relabelled-${theme}-${width}`);
    await select(/^Only A/);
    await screenshot(page, `compare-only-${theme}-${width}`);
  });
});
