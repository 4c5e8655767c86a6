import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

import type { EvaluationReport, ImageCard, ImageId, ImageQuery, Side } from "../src/api/bindings";
import { words } from "../src/messages";
import { ratio } from "../src/messages/format";
import { call, choose, expectAccessible, expectNothingCut, launch, open, type Opening, screenshot } from "./browser";

let browser: Browser;
let page: Page;
beforeAll(async () => {
  browser = await launch();
});
afterEach(() => page.context().close());
afterAll(() => browser.close());

const PEOPLE: Side = { kind: "decided" };
const ofRun = (run: number): Side => ({ kind: "run", run });

/** What the core says about these sides. */
function reportOf(evaluated: Side[], against: Side, threshold: number | null = null): Promise<EvaluationReport> {
  const options = { threshold, overlap: 0.5, resamples: null };
  return call<EvaluationReport>(page, "evaluate", { number: 1, request: { evaluated, against, options } });
}

/** Corrects some reviewed images, so that the run was wrong about them: of three annotations, one is rejected, one has another label,
 * and something that no run found is drawn. */
async function correct(): Promise<void> {
  const query: ImageQuery = {
    collection: null,
    conditions: [{ is_excluded: false, test: { kind: "image", state: "reviewed" } }],
    order: "added",
  };
  const ids = await call<ImageId[]>(page, "image_ids", { query });
  const cards = await call<ImageCard[]>(page, "image_cards", { ids });
  const annotated = cards.filter(({ annotations }) => annotations.length > 0);
  for (const [place, { id: image, annotations }] of annotated.slice(0, 6).entries()) {
    const [annotation] = annotations;
    if (!annotation) continue;
    const box = { kind: "box", rect: { x1: 4, y1: 4, x2: 60, y2: 44 } };
    const changes = [
      [{ kind: "remove", id: annotation.id }],
      [
        {
          kind: "change",
          id: annotation.id,
          content: { label: "lantern", shape: annotation.shape, attributes: annotation.attributes },
        },
      ],
      [{ kind: "add", content: { label: annotation.label, shape: box, attributes: {} } }],
    ][place % 3];
    await call(page, "edit_annotations", { edit: { image, changes } });
  }
}

async function openEvaluate(opening: Opening = {}, prepare: () => Promise<void> = correct): Promise<void> {
  page = await open(browser, opening);
  await prepare();
  await page.keyboard.press("Control+7");
  await page.getByRole("heading", { level: 1, name: words.evaluate.title, exact: true }).waitFor();
}

const results = () => page.getByRole("grid", { name: words.evaluate.table });
const cell = (row: number, column: number) => results().getByRole("row").nth(row).getByRole("gridcell").nth(column);
const labelRows = () => page.getByRole("table", { name: words.evaluate.byLabel }).locator("tbody tr");
const worst = () => page.getByRole("complementary", { name: words.evaluate.worst });

describe("evaluating a run against what people approved", () => {
  it("shows the figures of the core, by label, and what is taken for what", async () => {
    await openEvaluate();
    await results().waitFor();
    const { results: found, labels, images } = await reportOf([ofRun(2)], PEOPLE);
    const [result] = found;
    if (!result) throw new Error("no result");
    expect(result.counts.wrong).toBeGreaterThan(0);
    expect(result.counts.missed).toBeGreaterThan(0);
    expect(await cell(1, 1).innerText()).toContain(ratio(result.ap ?? 0));
    expect(await cell(1, 5).innerText()).toContain(ratio(result.f1 ?? 0));
    expect(await cell(1, 7).innerText()).toBe(String(result.counts.wrong));
    await page.getByText(words.evaluate.scope(images, result.counts.right + result.counts.missed)).waitFor();

    const named = labels.findIndex(({ name }) => name === "lantern");
    const lantern = labelRows().filter({ hasText: "lantern" });
    expect(await lantern.innerText()).toContain(words.evaluate.noLabel);
    const taken = result.confusion.find(({ truth, found: as }) => truth === named && as !== null);
    if (!taken || taken.found === null) throw new Error("nothing is taken for something else");
    const said = words.evaluate.confusionCell("lantern", labels[taken.found]?.name ?? "", taken.count);
    expect(await page.getByTitle(said, { exact: true }).innerText()).toBe(String(taken.count));

    // The labels with the most objects first, then by name.
    await page.getByRole("button", { name: words.evaluate.labelColumns.label, exact: true }).click();
    const names = await labelRows().locator("td:first-child").allInnerTexts();
    expect(names).toEqual([...names].sort((one, other) => one.localeCompare(other)));
  });

  it("moves the threshold, and returns to the best one", async () => {
    await openEvaluate();
    await results().waitFor();
    const [best] = (await reportOf([ofRun(2)], PEOPLE)).results;
    const shown = page.getByTestId("threshold");
    expect(await shown.innerText()).toBe(words.evaluate.thresholdShown(best?.threshold ?? 0));
    await page.getByRole("slider", { name: words.evaluate.threshold }).focus();
    await page.keyboard.press("End");
    await expect.poll(() => cell(1, 6).innerText()).toBe("0");
    expect(await shown.innerText()).toBe(words.evaluate.thresholdShown(1));
    expect(await cell(1, 3).innerText()).toContain(words.evaluate.reasons.no_detections);
    await page.getByRole("button", { name: words.evaluate.bestEach }).click();
    await expect.poll(() => cell(1, 6).innerText()).toBe(String(best?.counts.right));
    await page.locator("h1").click();
    await page.keyboard.press("]");
    await expect
      .poll(() => shown.innerText())
      .toBe(words.evaluate.thresholdShown((Math.round((best?.threshold ?? 0) * 100) + 1) / 100));
  });

  it("opens the worst images in review, in the layer of the run", async () => {
    await openEvaluate();
    const [first] = (await reportOf([ofRun(2)], PEOPLE)).results[0]?.worst ?? [];
    if (!first) throw new Error("no image has errors");
    await worst().getByRole("button", { name: first.name }).click();
    await page.getByRole("heading", { name: first.name }).waitFor();
    expect(await page.getByRole("button", { name: new RegExp(`^${words.layers.title}`) }).innerText()).toContain("2");
    await page.keyboard.press("Control+7");
    await results().waitFor();
  });

  it("offers to accept a label above its threshold", async () => {
    await openEvaluate();
    const [result] = (await reportOf([ofRun(2)], PEOPLE)).results;
    const label = result?.per_label.find(({ calibration }) => calibration?.best_f1);
    const score = label?.calibration?.best_f1?.score ?? 0;
    await page.getByRole("button", { name: words.evaluate.acceptNote(label?.label ?? "", score) }).click();
    await page.getByRole("dialog").waitFor();
  });

  it("is reached from the report of a run", async () => {
    page = await open(browser);
    await page.keyboard.press("Control+5");
    await page.getByRole("button", { name: words.evaluate.openOf(2) }).click();
    await results().waitFor();
    expect(await cell(1, 0).innerText()).toContain(words.history.run(2));
    await page.keyboard.press("Escape");
    await page.getByRole("region", { name: words.history.reportOf(2) }).waitFor();
  });
});

describe("evaluating two runs", () => {
  it("puts them side by side, and calls a difference one only if it is", async () => {
    await openEvaluate({ query: "layers", width: 1024, height: 700 });
    await page.getByRole("button", { name: new RegExp(`^${words.evaluate.evaluated}`) }).click();
    await page.getByRole("group", { name: words.evaluate.evaluated }).getByRole("checkbox").nth(1).check();
    await page.keyboard.press("Escape");
    await expect.poll(() => results().getByRole("row").count()).toBe(3);
    const { results: found, images_with_objects: images } = await reportOf([ofRun(2), ofRun(1)], PEOPLE);
    const interval = found[1]?.difference?.recall?.interval;
    if (!interval) throw new Error(`no interval with ${images} images`);
    const verdict = interval.low > 0 ? "better" : interval.high < 0 ? "worse" : "none";
    await cell(2, 4).getByRole("img", { name: words.evaluate.verdicts[verdict] }).waitFor();
    await page.keyboard.press("ArrowDown");
    await worst().getByRole("heading", { name: /B$/ }).waitFor();
    await expectNothingCut(page);
    await screenshot(page, "evaluate-several");
  });

  it("says that two runs only agree", async () => {
    await openEvaluate({ query: "layers" });
    await results().waitFor();
    const against = page.getByRole("combobox", { name: words.evaluate.against });
    const { model_name: model = "" } = (await call<{ id: number; model_name: string }[]>(page, "runs"))[1] ?? {};
    await choose(against, words.compare.run(1, model));
    await page.getByRole("note").getByText(words.evaluate.agreementTitle).waitFor();
  });
});

describe("evaluating against an imported ground truth", () => {
  it("is chosen first, and its boxes are drawn over the worst images", async () => {
    page = await open(browser);
    const cards = await call<ImageCard[]>(page, "image_cards", { ids: [1, 2, 3] });
    const dataset = {
      images: cards.map(({ id, name, size }) => ({ id, file_name: name, ...size })),
      annotations: cards.map(({ id }) => ({ id, image_id: id, category_id: 1, bbox: [2, 2, 40, 30], area: 1200 })),
      categories: [{ id: 1, name: "lantern" }],
    };
    const upload = await call<number>(page, "begin_upload");
    const { origin } = new URL(page.url());
    const sent = await page.request.post(`${origin}/upload/${upload}/truth.json`, {
      data: dataset,
      headers: { origin },
    });
    expect(sent.ok()).toBe(true);
    const path = await call<string>(page, "complete_dataset_upload", { upload });
    const request = { path, format: "coco", role: "ground_truth", collection: null, recipe: null, mapping: [] };
    const { layer } = await call<{ layer: { id: number } | null }>(page, "import_dataset", { number: 1, request });
    await page.keyboard.press("Control+7");
    await results().waitFor();
    const report = await reportOf([ofRun(2)], ofRun(layer?.id ?? 0));
    expect(report.is_ground_truth).toBe(true);
    expect(report.objects).toBeGreaterThan(0);
    const against = page.getByRole("combobox", { name: words.evaluate.against });
    expect(await against.innerText()).toContain(words.evaluate.layer("truth.json", "ground_truth"));
    expect(await cell(1, 8).innerText()).toBe(String(report.objects));
    await worst().locator("svg rect").first().waitFor({ state: "attached" });
  });
});

describe("without a ground truth", () => {
  it("explains what is needed", async () => {
    await openEvaluate({ query: "images=0" }, async () => undefined);
    await page.getByRole("heading", { name: words.evaluate.noRunsTitle }).waitFor();
  });

  it("says so when no image is on both sides, and after an error", async () => {
    const refuses = { evaluate: { code: "nothing_to_evaluate" as const, times: 1 } };
    await openEvaluate({ refuses }, async () => undefined);
    await page.getByRole("heading", { name: words.evaluate.disjointTitle }).waitFor();
    expect(await page.getByRole("button", { name: words.evaluate.toReview }).count()).toBe(1);
  });
});

describe("how it looks", () => {
  for (const theme of ["dark", "light"] as const) {
    for (const [width, height] of [
      [1440, 900],
      [1024, 700],
    ] as const) {
      it(`fits ${theme} windows of ${width} × ${height}`, async () => {
        await openEvaluate({ query: "layers", theme, width, height });
        await results().waitFor();
        await worst().locator("img").first().waitFor();
        await screenshot(page, `evaluate-${theme}-${width}`);
        await expectNothingCut(page);
        await expectAccessible(page);
      });
    }
  }
});
