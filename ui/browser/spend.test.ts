/** What was spent: the same figures as the command's, by month, model, recipe and collection, and against the quotes. */
import { readFile } from "node:fs/promises";

import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

import type { SpendReport } from "../src/api/bindings";
import { words } from "../src/messages";
import { money } from "../src/messages/format";
import {
  call,
  changeSettings,
  choose,
  expectAccessible,
  expectNothingCut,
  launch,
  open,
  type Opening,
  screenshot,
} from "./browser";

const MONTHS = "priced&key&months&images=120";
const ALL = { from: null, model: null, recipe: null, collection: null };

let browser: Browser;
let page: Page;
beforeAll(async () => {
  browser = await launch();
});
afterEach(() => page.context().close());
afterAll(() => browser.close());

const body = () => page.getByRole("region", { name: words.spend.spend, exact: true });
const tile = (name: string) =>
  body()
    .locator("dl > div")
    .filter({ has: page.getByText(name, { exact: true }) });
const months = () => page.getByRole("slider", { name: words.spend.byMonthText });

async function openSpend(opening: Opening = {}): Promise<void> {
  page = await open(browser, { query: MONTHS, ...opening });
  await page.keyboard.press("Control+8");
  await body().waitFor();
}

const inAll = () =>
  choose(page.getByRole("combobox", { name: words.spend.filters.period }), words.spend.filters.allTime);

it("shows the figures of the ledger, and those of a model", async () => {
  await openSpend();
  await inAll();
  const report = await call<SpendReport>(page, "spend_report", { filter: ALL });
  expect(report.total.paid_dollars).toBeGreaterThan(0);
  const paid = tile(words.spend.paid).locator(".value");
  await expect.poll(() => paid.innerText()).toBe(money(report.total.paid_dollars));
  for (const row of report.by_collection) {
    const shown = page
      .getByRole("table", { name: words.spend.byCollection })
      .getByRole("row", { name: row.collection ?? "" });
    expect(await shown.innerText()).toContain(money(row.paid_dollars));
  }
  // The bars of all months add up to the total.
  const last = Number(await months().getAttribute("aria-valuemax"));
  await months().focus();
  await page.keyboard.press("End");
  expect(Number(await months().getAttribute("aria-valuenow"))).toBe(last);
  expect(await months().getAttribute("aria-valuetext")).toContain("GPT-6 Luna $");

  await choose(page.getByRole("combobox", { name: words.spend.filters.model }), "GPT-6 Luna");
  const luna = report.by_model.find(({ model }) => model === "gpt-6-luna");
  await expect.poll(() => paid.innerText()).toBe(money(luna?.paid_dollars ?? 0));
  expect(await page.getByRole("table", { name: words.spend.byModel }).getByRole("row").count()).toBe(2);
});

it("says how quotes compare with what was paid, run by run", async () => {
  await openSpend();
  await inAll();
  const { estimates } = await call<SpendReport>(page, "spend_report", { filter: ALL });
  const ranged = estimates.filter(({ is_likely: isLikely }) => isLikely !== null);
  const inRange = ranged.filter(({ is_likely: isLikely }) => isLikely);
  expect(inRange.length).toBeLessThan(ranged.length);
  await expect
    .poll(() => tile(words.spend.likely).locator(".value").innerText())
    .toBe(words.spend.likelyOf(inRange.length, ranged.length));
  const chart = page.getByRole("slider", { name: words.spend.estimatesText });
  await chart.focus();
  await page.keyboard.press("Home");
  expect(Number(await chart.getAttribute("aria-valuemax"))).toBe(estimates.length - 1);
  expect(await chart.getAttribute("aria-valuetext")).toMatch(/^Run \d+, .+: Quote \$[\d.]+ \(\$[\d.–]+\), Paid/u);
});

it("exports what is shown as CSV", async () => {
  await openSpend();
  await inAll();
  await choose(page.getByRole("combobox", { name: words.spend.filters.model }), "GPT-6 Luna");
  await page.getByRole("radio", { name: words.spend.keys.collection }).check({ force: true });
  await page.getByRole("button", { name: words.spend.export }).click();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("menuitem", { name: words.spend.exportBy.shown("Collection") }).click(),
  ]);
  expect(download.suggestedFilename()).toBe("spend.csv");
  const [header, ...rows] = (await readFile(await download.path(), "utf8")).trim().split("\r\n");
  expect(header).toMatch(/^month,collection,requests,/u);
  const { total } = await call<SpendReport>(page, "spend_report", { filter: { ...ALL, model: "gpt-6-luna" } });
  const paid = rows.reduce((sum, row) => sum + Number(row.split(",").at(-5)), 0);
  expect(paid).toBeCloseTo(total.paid_dollars, 9);
});

it("does not make up what was not measured", async () => {
  page = await open(browser, { query: "images=0" });
  await page.keyboard.press("Control+8");
  await page.getByRole("heading", { name: words.spend.emptyTitle }).waitFor();
  await page.context().close();
  // The built-in detector costs nothing, and had no quote.
  await openSpend({ query: "" });
  await inAll();
  expect(await tile(words.spend.quotes).innerText()).toContain(words.spend.noQuotes);
  expect(await tile(words.spend.likely).innerText()).toContain(words.spend.noRange);
  await page.getByText(words.spend.noMonths.nothingPaid).waitFor();
  await page.getByText(words.spend.noForecast).waitFor();
});

it("shows the cap of the month, and leads to it", async () => {
  await openSpend();
  await page.getByText(words.spend.noCap).waitFor();
  await changeSettings(page, () => ({ budget: { monthly_dollars: 25 } }));
  await page.keyboard.press("Control+5");
  await page
    .getByRole("navigation", { name: words.spend.tabs })
    .getByRole("button", { name: words.spend.spend })
    .click();
  await page.getByText(/ left\. Runs pause before they could pass the cap\.$/u).waitFor();
  await page.getByRole("button", { name: words.spend.changeCap }).click();
  await page.getByRole("textbox", { name: "Monthly cap" }).waitFor();
});

describe.each([
  ["dark", 1024, 700],
  ["light", 1024, 700],
  ["dark", 1440, 900],
  ["light", 1440, 900],
] as const)("in the %s theme, at %i x %i", (theme, width, height) => {
  it("fits", async () => {
    await openSpend({ theme, width, height });
    await inAll();
    await months().hover();
    await screenshot(page, `spend-${theme}-${width}`);
    await expectNothingCut(page);
    await expectAccessible(page);
    await body().evaluate((body) => body.scrollTo(0, body.scrollHeight));
    await screenshot(page, `spend-below-${theme}-${width}`);
  });
});
