/** Import of a dataset: the dry run, the choices, the layer, and its undo. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from "vitest";

import { words } from "../src/messages";
import { language } from "../src/messages/language.svelte";
import { changeAnswer, choose, expectAccessible, expectNothingCut, launch, open, screenshot } from "./browser";
import { Dragging } from "./dragging";

let browser: Browser;
let page: Page;
beforeAll(async () => {
  browser = await launch();
});
afterEach(() => page.context().close());
afterAll(() => browser.close());

const first = () => page.getByRole("option", { name: "lake_0001.jpg" });
const dialog = () => page.getByRole("dialog", { name: words.imports.title });

/** A COCO file about photos of the scene: matched, elsewhere, and with boxes that reach or lie outside. */
function coco(names: readonly string[], size: { width: number; height: number }): string {
  const folder = mkdtempSync(join(tmpdir(), "fieldmark-import-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const labels = ["cup", "mug", "driftwood"];
  const images = [...names, "nowhere.jpg"].map((name, id) => ({ id, file_name: name, ...size }));
  const boxes = images.flatMap(({ id }) => [
    { image_id: id, category_id: 1, bbox: [10, 10, 60, 40] },
    { image_id: id, category_id: 2, bbox: [-20, 30, 60, 40] },
  ]);
  boxes.push({ image_id: 0, category_id: 3, bbox: [90_000, 10, 60, 40] });
  const annotations = boxes.map((box, place) => ({ id: place + 1, area: 2400, iscrowd: 0, score: 0.5, ...box }));
  const categories = labels.map((name, place) => ({ id: place + 1, name }));
  const path = join(folder, "instances_lake.json");
  writeFileSync(path, JSON.stringify({ images, annotations, categories }));
  return path;
}

/** Photos of the lake, and their size. */
const LAKES = ["lake_0001.jpg", "lake_0007.jpg", "lake_0013.jpg"];
const SIZE = { width: 640, height: 427 };

async function drop(path: string): Promise<void> {
  const dragging = await Dragging.begin(page, [path]);
  await page.getByText(words.frame.dropTitle).waitFor();
  await dragging.drop();
}

describe("importing a dataset", () => {
  it("is offered for a file that is dropped, imports it as predictions and undoes it", async () => {
    page = await open(browser, { width: 1440, height: 900 });
    await first().waitFor();
    await drop(coco(LAKES, SIZE));
    const report = dialog().getByRole("region", { name: words.imports.dryRun });
    await report.waitFor();
    await dialog().getByText("detected").waitFor();
    await report.getByText(words.imports.skipped.unmatched).waitFor();
    await report.getByRole("button", { name: "Show 1 file" }).click();
    await report.getByText("nowhere.jpg").waitFor();
    // What would be imported is shown on the photos, in turn.
    const photo = (place: number) => dialog().getByRole("img", { name: new RegExp(`^Photo ${place}, with`) });
    await photo(1).waitFor();
    await dialog().getByRole("button", { name: words.imports.nextPhoto }).click();
    await photo(2).waitFor();
    expect(await dialog().locator(".frame .annotation").count()).toBeGreaterThan(0);
    await page.waitForFunction(() => [...document.images].every((image) => image.complete));
    await screenshot(page, "dataset-import-dark-1440");
    await expectAccessible(page);
    expect(await page.locator(".statusbar").innerText()).toContain("60 images");

    // A label becomes another one.
    const label = dialog().getByRole("row", { name: /^mug/ });
    await choose(label.getByRole("combobox"), "cup");
    await label.getByText(words.imports.reasons.chosen).waitFor();
    await dialog().getByRole("radio", { name: words.imports.roles.predictions }).check();
    await dialog()
      .getByRole("button", { name: words.imports.import(6) })
      .click();
    await dialog().getByText("Imported 6 annotations on 3 images as predictions.").waitFor();
    await screenshot(page, "dataset-import-done-1440");
    await dialog()
      .getByRole("button", { name: words.imports.show("predictions") })
      .click();
    await page.getByRole("heading", { name: words.review.annotations }).waitFor();

    // The layer has its name wherever layers are named.
    await page.getByRole("button", { name: `${words.layers.title}: instances_lake.json` }).waitFor();
    await page.keyboard.press("Control+5");
    const row = page.getByRole("table", { name: words.imports.listed }).getByRole("row", { name: /instances_lake/ });
    await row.getByText(words.imports.roles.predictions).waitFor();
    await screenshot(page, "dataset-import-history-1440");
    await page.keyboard.press("Control+z");
    await row.waitFor({ state: "detached" });
    await page.getByText(words.checks.undoneOn("").slice(0, 6)).first().waitFor();
  });

  it("adds ground truth that is shown alone", async () => {
    page = await open(browser, { width: 1440, height: 900, theme: "light" });
    await first().waitFor();
    await drop(coco(LAKES.slice(0, 2), SIZE));
    await dialog().getByRole("region", { name: words.imports.dryRun }).waitFor();
    await screenshot(page, "dataset-import-light-1440");
    await expectAccessible(page);
    await page.keyboard.press("Control+Enter");
    await dialog().getByText("as ground truth.").waitFor();
    await dialog()
      .getByRole("button", { name: words.imports.show("ground_truth") })
      .click();
    const layers = page.getByRole("button", { name: `${words.layers.title}: instances_lake.json` });
    await layers.waitFor();
    await layers.click();
    await page.getByRole("group", { name: words.layers.title }).getByText(words.layers.imported).waitFor();
    await screenshot(page, "dataset-import-layers-1440");
    await expectNothingCut(page);
  });

  it("says why a file cannot be imported, and takes another", async () => {
    page = await open(browser);
    await first().waitFor();
    const folder = mkdtempSync(join(tmpdir(), "fieldmark-import-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, "notes.json");
    writeFileSync(path, JSON.stringify({ notes: [] }));
    await drop(path);
    await dialog().getByRole("alert").getByText("not a dataset in a known format").waitFor();
    await screenshot(page, "dataset-import-refused");
    await expectAccessible(page);
    await page.keyboard.press("Escape");
    await dialog().waitFor({ state: "hidden" });
    await page.keyboard.press("Control+Shift+I");
    await dialog().getByRole("button", { name: words.imports.chooseFile }).waitFor();
    await screenshot(page, "dataset-import-choose");
  });
});

describe.each(["en", "es"] as const)("in %s", (spoken) => {
  beforeAll(() => language.choose(spoken));
  afterAll(() => language.choose("en"));

  it.each([1024, 1440])("the dry run is legible at %i pixels", async (width) => {
    page = await open(browser, { width, height: width === 1024 ? 700 : 900 });
    await page.evaluate((spoken) => localStorage.setItem("fieldmark.language", JSON.stringify(spoken)), spoken);
    await page.reload();
    await first().waitFor();
    await drop(coco(LAKES, SIZE));
    await dialog().getByRole("region", { name: words.imports.dryRun }).waitFor();
    for (const theme of ["dark", "light"] as const) {
      await page.emulateMedia({ colorScheme: theme });
      await screenshot(page, `${spoken}-dataset-import-${theme}-${width}`);
    }
    await expectAccessible(page);
    await expectNothingCut(page);
  });

  it.each([1024, 1440])("an import that can no longer be cancelled stays open at %i pixels", async (width) => {
    page = await open(browser, { width, height: width === 1024 ? 700 : 900, slow: { import_dataset: 3000 } });
    await page.evaluate((spoken) => localStorage.setItem("fieldmark.language", JSON.stringify(spoken)), spoken);
    await page.reload();
    await first().waitFor();
    await drop(coco(LAKES, SIZE));
    await dialog().getByRole("region", { name: words.imports.dryRun }).waitFor();
    const adding = { images: 3, annotations: 6, is_adding: true };
    await changeAnswer(page, "dataset_import_progress", () => adding);
    await page.keyboard.press("Control+Enter");
    await dialog().getByText(words.imports.progress(adding, null)).waitFor();
    expect(await dialog().getByRole("button", { name: words.imports.cancel }).isDisabled()).toBe(true);
    await screenshot(page, `${spoken}-dataset-import-adding-${width}`);
    await expectNothingCut(page);
    await page.keyboard.press("Escape");
    await dialog()
      .getByRole("button", { name: words.imports.show("ground_truth") })
      .waitFor();
  });
});
