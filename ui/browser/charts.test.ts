/** Charts: what is read at the pointer and by keyboard, and that they fit. */
import { readFile } from "node:fs/promises";

import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

import { words } from "../src/messages";
import { language } from "../src/messages/language.svelte";
import { expectAccessible, expectNothingCut, launch, open, type Opening, screenshot } from "./browser";

let browser: Browser;
let page: Page;
beforeAll(async () => {
  browser = await launch();
});
afterEach(() => page.context().close());
afterAll(() => browser.close());

const durations = () => page.getByRole("slider", { name: /^Histogram of durations/ });
const rate = () => page.getByRole("slider", { name: /^Images per minute over/ });

async function openHistory(opening: Opening = {}): Promise<void> {
  page = await open(browser, { query: "priced&key&images=400", ...opening });
  await page.keyboard.press("Control+5");
  await durations().locator("canvas").waitFor();
  await rate().locator("canvas").waitFor();
}

async function openRun(opening: Opening): Promise<void> {
  page = await open(browser, opening);
  await page.keyboard.press("Control+3");
  await page.getByRole("heading", { name: words.run.title(3) }).waitFor();
  await page.getByRole("slider").first().locator("canvas").waitFor();
}

/** The values of a series at every point, read by keyboard. */
async function readAll(chart: Locator, name: string): Promise<number[]> {
  const count = Number(await chart.getAttribute("aria-valuemax")) + 1;
  const read: number[] = [];
  await chart.focus();
  await page.keyboard.press("Home");
  for (let place = 0; place < count; place += 1) {
    expect(Number(await chart.getAttribute("aria-valuenow"))).toBe(place);
    const text = (await chart.getAttribute("aria-valuetext")) ?? "";
    read.push(Number(new RegExp(`${name} ([\\d.,]+)`, "u").exec(text)?.[1]?.replace(",", "")));
    await page.keyboard.press("ArrowRight");
  }
  return read;
}

/** The line of values above a chart. */
const line = (chart: Locator) => chart.locator("xpath=..").locator("figcaption");

describe("the values of a chart", () => {
  it("are those of the report: every answer is in a bar, and the rates make up the average", async () => {
    await openHistory();
    const report = page.getByRole("region", { name: "Report of run 2" });
    const sent = report
      .locator("dl > div")
      .filter({ hasText: /^Images sent/ })
      .locator("dd");
    const answers = await readAll(durations(), "Answers");
    expect(answers.reduce((sum, each) => sum + each, 0)).toBe(Number(await sent.innerText()));
    const rates = await readAll(rate(), "Rate");
    const average = Number(/^(\d+) on average/.exec(await rateSummary())?.[1]);
    expect(Math.abs(rates.reduce((sum, each) => sum + each, 0) / rates.length - average)).toBeLessThan(1.5);
  });

  async function rateSummary(): Promise<string> {
    await durations().focus();
    return line(rate()).locator("p").innerText();
  }

  it("are shown under the pointer, and gone without it", async () => {
    await openHistory();
    const answers = await readAll(durations(), "Answers");
    await durations().blur();
    const over = durations().locator(".u-over");
    const box = await over.boundingBox();
    if (!box) throw new Error("the chart is not shown");
    for (const place of [0, 3, answers.length - 1]) {
      await page.mouse.move(box.x + (box.width * (place + 0.6)) / answers.length, box.y + box.height / 2);
      await expect.poll(() => line(durations()).locator(".value").innerText()).toBe(String(answers[place]));
      expect(Number(await durations().getAttribute("aria-valuenow"))).toBe(place);
    }
    await page.mouse.move(0, 0);
    await expect.poll(() => line(durations()).locator(".value").count()).toBe(0);
  });

  it("are reached by arrow keys, which stay in the chart", async () => {
    await openHistory();
    await rate().focus();
    await page.keyboard.press("End");
    const last = Number(await rate().getAttribute("aria-valuemax"));
    expect(await rate().getAttribute("aria-valuenow")).toBe(String(last));
    const cursor = rate().locator(".u-cursor-x");
    const right = (await cursor.boundingBox())?.x ?? 0;
    await page.keyboard.press("ArrowLeft");
    expect(await rate().getAttribute("aria-valuenow")).toBe(String(last - 1));
    await expect.poll(async () => (await cursor.boundingBox())?.x ?? right).toBeLessThan(right);
    await page.keyboard.press("Home");
    expect(await rate().getAttribute("aria-valuenow")).toBe("0");
    // The keys of the screen work meanwhile.
    await page.keyboard.press("ArrowDown");
    await page.getByRole("region", { name: "Report of run 1" }).waitFor();
  });
});

describe("a saved chart", () => {
  it("is an SVG of its own, in the colors of the light theme", async () => {
    await openHistory();
    const svg = (await saved(words.frame.chartAs.svg)).toString();
    expect(svg).toMatch(/^<svg /u);
    const read = await page.evaluate((text) => {
      const parsed = new DOMParser().parseFromString(text, "image/svg+xml");
      const token = (theme: string) => {
        const sample = document.createElement("div");
        sample.dataset.theme = theme;
        document.body.append(sample);
        return getComputedStyle(sample).getPropertyValue("--accent").trim();
      };
      return {
        hasError: parsed.querySelector("parsererror") !== null,
        ground: parsed.querySelector("rect")?.getAttribute("fill"),
        colors: [...parsed.querySelectorAll("[stroke]")].map((element) => element.getAttribute("stroke")),
        light: token("light"),
        dark: token("dark"),
      };
    }, svg);
    expect(read.hasError).toBe(false);
    expect(read.ground).toBe("#ffffff");
    expect(read.colors).toContain(read.light);
    expect(read.colors).not.toContain(read.dark);
    expect(svg).not.toContain("var(");
  });

  it("is a PNG that shows it", async () => {
    await openHistory();
    const png = await saved(words.frame.chartAs.png);
    expect(png.subarray(1, 4).toString()).toBe("PNG");
    const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)];
    expect([width, height]).toEqual([1920, 960]);
    // The policy of the window allows no image of its own making.
    const plain = await page.context().newPage();
    const colors = await plain.evaluate(async (data) => {
      const image = new Image();
      image.src = `data:image/png;base64,${data}`;
      await image.decode();
      const canvas = new OffscreenCanvas(image.width, image.height);
      const context = canvas.getContext("2d");
      context?.drawImage(image, 0, 0);
      const pixels = context?.getImageData(0, 0, image.width, image.height).data ?? [];
      const found = new Set<string>();
      for (let at = 0; at < pixels.length; at += 4) found.add(`${pixels[at]},${pixels[at + 1]},${pixels[at + 2]}`);
      return { corner: `${pixels[0]},${pixels[1]},${pixels[2]}`, count: found.size };
    }, png.toString("base64"));
    expect(colors.corner).toBe("255,255,255");
    expect(colors.count).toBeGreaterThan(10);
  });

  /** The rates of the newest run as a file. */
  async function saved(as: string): Promise<Buffer> {
    await page.getByRole("button", { name: words.frame.saveChart(words.run.chart) }).press("Enter");
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("menuitem", { name: as }).click(),
    ]);
    expect(download.suggestedFilename()).toMatch(/^[\w-]+\.(svg|png)$/u);
    return readFile(await download.path());
  }
});

describe("the charts of a run", () => {
  it("are about what was measured", async () => {
    await openRun({ query: "priced&key&images=1400&stopped=budget_reached" });
    const cost = page.getByRole("slider", { name: /^Cost of up to 1,400 images/ });
    await cost.focus();
    await page.keyboard.press("End");
    // The end of the quote has no cost yet; the image before it has the one that is shown.
    expect(await cost.getAttribute("aria-valuetext")).not.toMatch(/Cost \$/);
    await page.keyboard.press("ArrowLeft");
    const paid = /Cost (\$[\d.]+)$/.exec((await cost.getAttribute("aria-valuetext")) ?? "")?.[1] ?? "";
    await page.getByText(`${paid}`).first().waitFor();
    // The time per image comes from the library: this window has not seen the run.
    const times = page.getByRole("slider", { name: words.run.charts.latencyText });
    await times.focus();
    await page.keyboard.press("Home");
    expect(await times.getAttribute("aria-valuetext")).toMatch(/P50 \S+ s, P95 \S+ s$/);
  });

  it("are drawn in the colors of the theme, when it changes too", async () => {
    await openRun({ query: "priced&key&images=1400&stopped=budget_reached" });
    const drawn = () =>
      page.evaluate(() => {
        const canvas = document.querySelector("canvas");
        return canvas?.toDataURL();
      });
    const dark = await drawn();
    await page.emulateMedia({ colorScheme: "light" });
    await expect.poll(drawn).not.toBe(dark);
    await page.emulateMedia({ colorScheme: "dark" });
    await expect.poll(drawn).toBe(dark);
  });
});

describe.each([
  ["dark", 1024, 700],
  ["light", 1440, 900],
] as const)("in the %s theme, at %i x %i", (theme, width, height) => {
  it("a run and a report with a read point fit", async () => {
    await openRun({ query: "priced&key&images=1400&stopped=budget_reached", theme, width, height });
    await page.getByRole("slider", { name: /^Cost of up to/ }).hover();
    await screenshot(page, `charts-run-${theme}-${width}`);
    await expectNothingCut(page);
    await expectAccessible(page);
    await page.keyboard.press("Control+5");
    await durations().hover();
    await screenshot(page, `charts-history-${theme}-${width}`);
    await expectNothingCut(page);
    await expectAccessible(page);
  });
});

it("in Spanish a run and a report have room at 960 x 600", async () => {
  page = await open(browser, { query: "priced&key&images=1400&stopped=budget_reached", width: 960, height: 600 });
  await page.evaluate(() => localStorage.setItem("fieldmark.language", JSON.stringify("es")));
  await page.reload();
  language.choose("es");
  try {
    await page.keyboard.press("Control+3");
    await page.getByRole("slider").first().hover();
    await screenshot(page, "charts-run-es-960");
    await expectNothingCut(page);
    await page.keyboard.press("Control+5");
    await page.getByRole("slider").first().hover();
    await screenshot(page, "charts-history-es-960");
    await expectNothingCut(page);
  } finally {
    language.choose("en");
  }
});
