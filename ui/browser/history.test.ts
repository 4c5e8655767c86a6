import { readFile } from "node:fs/promises";

import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { RunReport } from "../src/api/bindings";
import { words } from "../src/messages";
import { count, duration, money } from "../src/messages/format";
import { coreOf } from "../test/core";
import { EVERY_DIAGNOSIS } from "../test/diagnoses";
import { changeAnswer, choose, launch, open, type Opening } from "./browser";

/** A part of the file with the metrics of a run. */
interface MetricsFile {
  metrics: { batchSize: number; p99Duration: number };
  fieldmark: { run: number };
}

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

async function openHistory(opening: Opening = {}): Promise<Page> {
  const page = await open(browser, opening);
  await page.getByRole("navigation", { name: "Screens" }).getByRole("button", { name: "History" }).click();
  return page;
}

describe("history", () => {
  it("shows the newest run's report, and others by the arrow keys", async () => {
    const page = await openHistory();
    const report = page.getByRole("region", { name: /^Report of run/ });
    await report.waitFor();
    expect(await report.getByRole("heading", { level: 1 }).innerText()).toBe("Run 2");
    await page.keyboard.press("ArrowDown");
    await page.getByRole("region", { name: "Report of run 1" }).waitFor();
    expect(await page.getByRole("row", { selected: true }).innerText()).toContain("Run 1");
    await page.keyboard.press("ArrowUp");
    await page.getByRole("region", { name: "Report of run 2" }).waitFor();
    await page.getByRole("row", { name: /Run 1/ }).click();
    await page.getByRole("region", { name: "Report of run 1" }).waitFor();
    await page.context().close();
  });

  it("tells the figures, the durations and the labels", async () => {
    const page = await openHistory();
    const report = page.getByRole("region", { name: "Report of run 2" });
    await report.waitFor();
    for (const figure of ["Wall time", "Mean per image", "P99", "Images per second", "Success rate", "Parallelism"]) {
      expect(await report.getByText(figure, { exact: true }).count()).toBe(1);
    }
    const bars = await report.getByRole("slider", { name: /^Histogram of durations/ }).getAttribute("aria-valuemax");
    expect(Number(bars)).toBeGreaterThan(2);
    expect(await report.getByText("person", { exact: true }).isVisible()).toBe(true);
    await page.context().close();
  });

  it("gives the metrics of the run that is shown", async () => {
    const page = await openHistory();
    for (const run of [2, 1]) {
      await page.getByRole("row", { name: `Run ${run}` }).click();
      const report = page.getByRole("region", { name: `Report of run ${run}` });
      await report.getByRole("button", { name: words.history.report, exact: true }).click();
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        page.getByRole("menuitem", { name: words.history.metricsJson }).click(),
      ]);
      expect(download.suggestedFilename()).toBe("batch-annotation-metrics.json");
      const { metrics, fieldmark } = JSON.parse(await readFile(await download.path(), "utf8")) as MetricsFile;
      expect(fieldmark.run).toBe(run);
      const sent = report.locator("dl div").filter({ has: page.getByText("Images sent", { exact: true }) });
      expect(await sent.locator("dd").innerText()).toBe(count(metrics.batchSize));
      const p99 = report.locator("dl div").filter({ has: page.getByText("P99", { exact: true }) });
      expect(await p99.locator("dd").innerText()).toBe(duration(metrics.p99Duration));
    }
    await page.context().close();
  });

  it("asks before a run is undone, and removes its undecided proposals only", async () => {
    const page = await openHistory();
    await page.getByRole("button", { name: "Undo this run" }).click();
    const dialog = page.getByRole("dialog", { name: "Undo run 2?" });
    await dialog.waitFor();
    await dialog.getByRole("button", { name: "Keep them" }).click();
    expect(await page.getByRole("dialog").count()).toBe(0);
    await page.getByRole("button", { name: "Undo this run" }).click();
    await page.getByRole("button", { name: /^Remove \d+ annotations?$/ }).click();
    await page.getByText(/^Run 2 undone: \d+ annotations removed$/).waitFor();
    await page.getByRole("button", { name: "Undo this run" }).click();
    await page.getByText("nothing will be removed").waitFor();
    await page.context().close();
  });

  it("says what to change, by the run's own numbers, and nothing when all is well", async () => {
    const query = "priced&key&images=400";
    const page = await openHistory({ query });
    const { diagnoses } = await (await coreOf(query)).runReport(2);
    const [diagnosis, ...others] = diagnoses;
    if (!diagnosis || diagnosis.finding.kind !== "cost_by_output" || others.length > 0)
      throw new Error(`another diagnosis: ${JSON.stringify(diagnoses)}`);
    expect(diagnosis.finding.share).toBeGreaterThan(0.5);
    const advice = page.getByRole("region", { name: "Report of run 2" }).locator(".advice");
    await advice.getByRole("heading", { name: "What to change" }).waitFor();
    await advice.getByText(words.diagnoses.finding(diagnosis.finding).note).waitFor();
    await advice.getByText(/^Run it as a batch: about \$0\.\d+, with separate limits$/).waitFor();
    for (const change of diagnosis.changes) await advice.getByText(words.diagnoses.change(change)).waitFor();
    await page.context().close();
    const healthy = await openHistory();
    await healthy.getByRole("region", { name: "Report of run 2" }).waitFor();
    expect(await healthy.getByRole("heading", { name: "What to change" }).count()).toBe(0);
    await healthy.context().close();
  });

  it("tells of every diagnosis", async () => {
    const page = await open(browser, { query: "priced" });
    await changeAnswer<RunReport>(page, "run_report", (report) => ({ ...report, diagnoses: [...EVERY_DIAGNOSIS] }));
    await page.getByRole("navigation", { name: "Screens" }).getByRole("button", { name: "History" }).click();
    await page.getByText("Set a limit of 58 requests per minute").waitFor();
    expect(await page.locator(".advice h3").count()).toBe(EVERY_DIAGNOSIS.length);
    await page.context().close();
  });

  it("names and tags a run, finds it by them, and takes that back", async () => {
    const page = await openHistory();
    await page.getByRole("button", { name: words.history.describe.title(2) }).click();
    const dialog = page.getByRole("dialog", { name: words.history.describe.title(2) });
    await dialog.getByRole("textbox", { name: words.history.describe.name }).fill("  Night <b>shift</b> ");
    await dialog.getByRole("textbox", { name: words.history.describe.tags }).fill("winter, boats,winter");
    await page.keyboard.press("Enter");
    await page.getByText(words.history.describe.saved(2)).waitFor();
    const row = page.getByRole("row", { name: /Run 2/ });
    expect(await row.innerText()).toContain("Night <b>shift</b>");
    const find = page.getByRole("searchbox", { name: words.history.filters.text });
    await find.fill("NIGHT boats");
    await expect.poll(() => page.getByRole("row").count()).toBe(2);
    await find.fill("nowhere");
    await page.getByText(words.history.filters.none).waitFor();
    await find.fill("");
    await choose(page.getByRole("combobox", { name: words.history.filters.tag }), "winter");
    await expect.poll(() => page.getByRole("row").count()).toBe(2);
    await choose(page.getByRole("combobox", { name: words.history.filters.tag }), words.history.filters.allTags);
    await page.getByRole("button", { name: words.checks.undo, exact: true }).click();
    await page.getByText(words.history.describe.restored(2)).waitFor();
    await expect.poll(() => row.innerText()).not.toContain("Night");
    await page.context().close();
  });

  it("sorts by a column, and moves in that order", async () => {
    const page = await openHistory();
    const first = page.locator("tbody tr").first();
    expect(await first.innerText()).toContain("Run 2");
    await page.getByRole("columnheader", { name: words.history.columns.started }).getByRole("button").click();
    expect(await first.innerText()).toContain("Run 1");
    await page.keyboard.press("ArrowUp");
    await page.getByRole("region", { name: "Report of run 1" }).waitFor();
    await page.context().close();
  });

  it("shows runs beside each other, with their figures and costs at the same numbers of images", async () => {
    const query = "priced&key&months&images=120";
    const page = await openHistory({ query });
    const core = await coreOf(query);
    const [luna, sonnet] = await core.runSeries([14, 13]);
    await page.getByRole("checkbox", { name: words.history.beside.mark(14) }).check();
    await page.getByRole("row", { name: /Run 13/ }).click();
    await page.keyboard.press("b");
    const beside = page.getByRole("region", { name: words.history.beside.title(2) });
    await beside.waitFor();
    const costs = beside.getByRole("slider", { name: words.history.beside.costsText });
    await costs.focus();
    await page.keyboard.press("Home");
    await page.keyboard.press("ArrowRight");
    const [one, other] = [luna?.spent[0], sonnet?.spent[0]];
    expect(one?.finished).toBe(other?.finished);
    expect(await costs.getAttribute("aria-valuetext")).toBe(
      `${words.run.charts.images(one?.finished ?? 0)}: A, run 14 ${money(one?.spent_dollars ?? 0)}, B, run 13 ${money(other?.spent_dollars ?? 0)}`,
    );
    const runs = await core.runs();
    const paid = (id: number) => money(runs.find((run) => run.id === id)?.paid_dollars ?? 0);
    expect(await beside.getByRole("row", { name: words.history.beside.rows.paid }).innerText()).toMatch(
      new RegExp(`${paid(14).replace("$", "\\$")}\\s+${paid(13).replace("$", "\\$")}`),
    );
    await beside.getByRole("button", { name: words.history.beside.stop }).click();
    await page.getByRole("region", { name: "Report of run 13" }).waitFor();
    await page.context().close();
  });

  it("gives the page of a run in the language of the window", async () => {
    const page = await openHistory({ width: 960, height: 700 });
    await page.getByRole("button", { name: words.history.report, exact: true }).click();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("menuitem", { name: words.history.page }).click(),
    ]);
    expect(download.suggestedFilename()).toBe("run-2-report.zip");
    const archive = await readFile(await download.path());
    expect(archive.subarray(0, 2).toString()).toBe("PK");
    expect(archive.includes("report.html")).toBe(true);
    await page.context().close();
  });

  it("leads to the review", async () => {
    const page = await openHistory();
    await page
      .getByRole("region", { name: "Report of run 2" })
      .getByRole("button", { name: "Review annotations" })
      .click();
    await page.getByRole("heading", { name: "Annotations" }).waitFor();
    await page.context().close();
  });
});

it.each([1024, 1280])("labels of percentiles stand at their own lines at %i pixels", async (width) => {
  const page = await open(browser, { query: "priced&key&images=400", width, height: 700 });
  await page.keyboard.press("Control+5");
  await page.locator(".label").nth(2).waitFor();
  const [labels, lines] = await Promise.all([
    page.locator(".label").evaluateAll((all) =>
      all.map((label) => {
        const { left, right } = label.getBoundingClientRect();
        return label.classList.contains("left") ? right : left;
      }),
    ),
    page.locator(".line").evaluateAll((all) =>
      all.map((line) => {
        const { left, right } = line.getBoundingClientRect();
        return (left + right) / 2;
      }),
    ),
  ]);
  expect(labels).toHaveLength(3);
  labels.forEach((label, place) => expect(Math.abs(label - (lines[place] ?? 0))).toBeLessThan(2));
  await page.context().close();
});
