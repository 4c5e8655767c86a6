import { readFile } from "node:fs/promises";

import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { expectAccessible, expectNothingCut, launch, open, screenshot, showSettingsPage } from "./browser";

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

/** Follows a link to a file, and returns its name and what is in it. */
async function downloaded(page: Page, link: Locator): Promise<{ name: string; text: string }> {
  const [download] = await Promise.all([page.waitForEvent("download"), link.click()]);
  return { name: download.suggestedFilename(), text: await readFile(await download.path(), "utf8") };
}

describe("exporting a dataset", () => {
  it.each(["dark", "light"] as const)("is reached by key on any screen, and says what it holds (%s)", async (theme) => {
    const page = await open(browser, { theme });
    await page.getByText("60 images").first().waitFor();
    await page.keyboard.press("Control+Shift+E");
    const dialog = page.getByRole("dialog", { name: "Export a dataset" });
    await dialog.getByText("run-2-coco.json").waitFor();
    const all = await dialog.getByRole("status").innerText();
    await screenshot(page, `export-${theme}`);
    await expectAccessible(page);

    const coco = await downloaded(page, dialog.getByRole("link", { name: "Download" }));
    expect(coco.name).toBe("run-2-coco.json");
    const { images, annotations } = JSON.parse(coco.text) as { images: unknown[]; annotations: unknown[] };
    expect(images.length).toBeGreaterThan(0);
    expect(all).toContain(`${images.length} images`);
    expect(all).toContain(`${annotations.length} annotations`);

    await dialog.getByRole("radio", { name: "CSV" }).check();
    await dialog.getByRole("radio", { name: "Reviewed only" }).check();
    await dialog.getByText("run-2-csv-reviewed.csv").waitFor();
    expect(await dialog.getByRole("status").innerText()).not.toBe(all);
    const csv = await downloaded(page, dialog.getByRole("link", { name: "Download" }));
    expect(csv.name).toBe("run-2-csv-reviewed.csv");
    expect(csv.text.split("\n").length).toBeGreaterThan(1);
    expect(await page.getByRole("dialog").count()).toBe(1);
    await page.context().close();
  });

  it("is offered beside the figures of a run, of that run, and in Spanish without anything cut", async () => {
    const page = await open(browser, { width: 1024, height: 720 });
    await page.getByRole("button", { name: "History" }).click();
    const metrics = await downloaded(page, page.getByRole("link", { name: "Download metrics" }));
    expect(JSON.parse(metrics.text)).toBeTypeOf("object");
    await expectNothingCut(page);
    await screenshot(page, "history-download");
    await page.getByRole("button", { name: "Export", exact: true }).click();
    await page.getByRole("dialog").getByText("run-2-coco.json").waitFor();
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+,");
    await showSettingsPage(page, "Appearance");
    await page.getByRole("radio", { name: "Español" }).check();
    await page.keyboard.press("Control+Shift+E");
    await page.getByRole("dialog").getByText("run-2-coco.json").waitFor();
    await screenshot(page, "export-es");
    await expectNothingCut(page);
    await page.context().close();
  });

  it("says why there is none", async () => {
    const page = await open(browser, { refuses: { ready_export: {} } });
    await page.getByText("60 images").first().waitFor();
    await page.keyboard.press("Control+Shift+E");
    await page.getByRole("dialog").getByText("library").waitFor();
    expect(await page.getByRole("button", { name: "Download" }).isDisabled()).toBe(true);
    await screenshot(page, "export-refused");
    await page.context().close();
  });
});
