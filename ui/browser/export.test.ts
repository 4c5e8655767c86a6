import { readFile } from "node:fs/promises";

import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { words } from "../src/messages";
import { expectAccessible, expectNothingCut, launch, open, screenshot, showSettingsPage } from "./browser";

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

/** Follows a link to a file, and returns its name and what is in it. */
async function downloaded(page: Page, link: Locator): Promise<{ name: string; bytes: Buffer; text: string }> {
  const [download] = await Promise.all([page.waitForEvent("download"), link.click()]);
  const bytes = await readFile(await download.path());
  return { name: download.suggestedFilename(), bytes, text: bytes.toString("utf8") };
}

const dialogOf = (page: Page): Locator => page.getByRole("dialog", { name: "Export a dataset" });

/** Opens the dialog by its key, and waits until it says what would be written. */
async function openExport(page: Page): Promise<Locator> {
  await page.getByText("60 images").first().waitFor();
  await page.keyboard.press("Control+Shift+E");
  const dialog = dialogOf(page);
  await dialog.getByText("run-2-coco.json").first().waitFor();
  return dialog;
}

/** Names of the entries of a ZIP file, from its directory. */
function entriesOf(archive: Buffer): string[] {
  const names: string[] = [];
  for (
    let at = archive.indexOf("PK\x01\x02", 0, "latin1");
    at >= 0;
    at = archive.indexOf("PK\x01\x02", at + 4, "latin1")
  ) {
    const length = archive.readUInt16LE(at + 28);
    names.push(archive.toString("utf8", at + 46, at + 46 + length));
  }
  return names;
}

describe("exporting a dataset", () => {
  it.each(["dark", "light"] as const)("is reached by key on any screen, and says what it holds (%s)", async (theme) => {
    const page = await open(browser, { theme });
    const dialog = await openExport(page);
    const all = await dialog.getByRole("status").innerText();
    await screenshot(page, `export-${theme}`);
    await expectAccessible(page);

    await dialog.getByRole("button", { name: /^Export \d+ images/ }).waitFor();
    const coco = await downloaded(page, dialog.getByRole("button", { name: /^Export \d+ images/ }));
    expect(coco.name).toBe("run-2-coco.json");
    const { images, annotations } = JSON.parse(coco.text) as { images: unknown[]; annotations: unknown[] };
    expect(images.length).toBeGreaterThan(0);
    expect(all).toContain(`${images.length} images`);
    expect(all).toContain(`${annotations.length} annotations`);
    await dialog.getByText("run-2-coco.json is ready").waitFor();
    expect((await downloaded(page, dialog.getByRole("link", { name: "Download" }))).text).toBe(coco.text);

    await dialog.getByRole("radio", { name: "CSV" }).check();
    await dialog.getByRole("checkbox", { name: "Decided annotations only" }).check();
    await dialog.getByText("run-2-csv-reviewed.csv").first().waitFor();
    expect(await dialog.getByRole("status").innerText()).not.toBe(all);
    const [download] = await Promise.all([page.waitForEvent("download"), page.keyboard.press("Control+Enter")]);
    expect(download.suggestedFilename()).toBe("run-2-csv-reviewed.csv");
    expect((await readFile(await download.path(), "utf8")).split("\n").length).toBeGreaterThan(1);
    expect(await page.getByRole("dialog").count()).toBe(1);
    await page.context().close();
  });

  it.each(["dark", "light"] as const)("splits a collection into a ZIP file with its images (%s)", async (theme) => {
    for (const [width, height] of [
      [1440, 900],
      [1024, 700],
    ] as const) {
      const page = await open(browser, { theme, width, height });
      const dialog = await openExport(page);
      await dialog.getByRole("radio", { name: "YOLO" }).check();
      await dialog.getByRole("radio", { name: "All images", exact: true }).check();
      await dialog.getByRole("radio", { name: "Zip", exact: true }).check();
      await dialog.getByRole("checkbox", { name: "Split" }).check();
      await dialog.getByText("library-yolo.zip").first().waitFor();
      await dialog.getByText("datacard.json").waitFor();
      await dialog.getByText(/^\d+ groups?$/).waitFor();
      await screenshot(page, `export-split-${theme}-${width}`);
      await expectNothingCut(page);
      if (width === 1440) {
        await expectAccessible(page);
        const archive = await downloaded(page, dialog.getByRole("button", { name: /^Export \d+ images/ }));
        expect(archive.name).toBe("library-yolo.zip");
        const names = entriesOf(archive.bytes);
        expect(names).toContain("data.yaml");
        expect(names).toContain("datacard.json");
        const count = (part: string) => names.filter((name) => name.startsWith(`images/${part}/`)).length;
        const labels = (part: string) => names.filter((name) => name.startsWith(`labels/${part}/`)).length;
        for (const part of ["train", "val"]) expect(count(part)).toBe(labels(part));
        expect(count("train")).toBeGreaterThan(count("val"));
        // The split is remembered.
        await dialog.getByRole("slider", { name: "End of training" }).press("ArrowLeft");
        await dialog.getByText(/keep their part of an earlier export/).waitFor();
        await screenshot(page, `export-kept-${theme}`);
      }
      await page.context().close();
    }
  });

  it("takes the selection, and the layers that are chosen", async () => {
    const page = await open(browser);
    await page.getByText("60 images").first().waitFor();
    await page.locator(".grid").getByRole("option").nth(0).click();
    await page
      .locator(".grid")
      .getByRole("option")
      .nth(2)
      .click({ modifiers: ["Shift"] });
    await page.keyboard.press("Control+Shift+E");
    const dialog = dialogOf(page);
    await dialog.getByText("selection-coco.json").first().waitFor();
    expect(await dialog.getByRole("radio", { name: /^Selection/ }).isChecked()).toBe(true);
    await dialog.getByRole("button", { name: /^Export [123] images?/ }).waitFor();
    const before = await dialog.getByRole("status").innerText();
    // Without the run, nothing is left, and the run can be chosen again.
    await dialog.getByRole("checkbox", { name: /^Run 2/ }).uncheck();
    await dialog.getByRole("alert").waitFor();
    await dialog.getByRole("checkbox", { name: /^Run 2/ }).check();
    await expect.poll(() => dialog.getByRole("status").innerText()).toBe(before);
    await screenshot(page, "export-selection");
    await page.context().close();
  });

  it("is offered beside the figures of a run, of that run, and in Spanish without anything cut", async () => {
    const page = await open(browser, { width: 1024, height: 720 });
    await page.getByRole("button", { name: "History" }).click();
    await page.getByRole("button", { name: words.history.report, exact: true }).click();
    const metrics = await downloaded(page, page.getByRole("menuitem", { name: words.history.metricsJson }));
    expect(JSON.parse(metrics.text)).toBeTypeOf("object");
    await expectNothingCut(page);
    await screenshot(page, "history-download");
    await page.getByRole("button", { name: "Export", exact: true }).click();
    await page.getByRole("dialog").getByText("run-2-coco.json").first().waitFor();
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+,");
    await showSettingsPage(page, "Appearance");
    await page.getByRole("radio", { name: "Español" }).check();
    await page.keyboard.press("Control+Shift+E");
    await page.getByRole("dialog").getByText("run-2-coco.json").first().waitFor();
    await page.getByRole("checkbox", { name: "División" }).check();
    await page.getByRole("dialog").getByText("run-2-coco", { exact: true }).waitFor();
    await screenshot(page, "export-es");
    await expectNothingCut(page);
    await page.context().close();
  });

  it("says why there is none", async () => {
    const page = await open(browser, { refuses: { preview_export: {} } });
    await page.getByText("60 images").first().waitFor();
    await page.keyboard.press("Control+Shift+E");
    await page.getByRole("dialog").getByText("library").first().waitFor();
    expect(await page.getByRole("button", { name: /^Export \d/ }).isDisabled()).toBe(true);
    await screenshot(page, "export-refused");
    await page.context().close();
  });
});
