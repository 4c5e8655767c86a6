import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { expectAccessible, expectNothingCut, launch, open, screenshot } from "./browser";

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

describe("exporting a dataset", () => {
  it.each(["dark", "light"] as const)("is reached by key on any screen, and says what it holds (%s)", async (theme) => {
    const page = await open(browser, { theme });
    await page.keyboard.press("Control+Shift+E");
    const dialog = page.getByRole("dialog", { name: "Export a dataset" });
    await dialog.getByText("run-2-coco.json").waitFor();
    const all = await dialog.getByRole("status").innerText();
    await screenshot(page, `export-${theme}`);
    await expectAccessible(page);

    await dialog.getByRole("radio", { name: "CSV" }).check();
    await dialog.getByRole("radio", { name: "Reviewed only" }).check();
    await dialog.getByText("run-2-csv-reviewed.csv").waitFor();
    expect(await dialog.getByRole("status").innerText()).not.toBe(all);
    await dialog.getByRole("button", { name: "Save as…" }).click();
    await page.getByText("Dataset written to /home/you/run-2-csv-reviewed.csv").waitFor();
    expect(await page.getByRole("dialog").count()).toBe(0);
    await page.context().close();
  });

  it("is offered beside the figures of a run, of that run, and in Spanish without anything cut", async () => {
    const page = await open(browser, { width: 1024, height: 720 });
    await page.getByRole("button", { name: "History" }).click();
    await page.getByRole("button", { name: "Export", exact: true }).click();
    await page.getByRole("dialog").getByText("run-2-coco.json").waitFor();
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+,");
    await page.getByRole("radio", { name: "Español" }).check();
    await page.keyboard.press("Control+Shift+E");
    await page.getByRole("dialog").getByText("run-2-coco.json").waitFor();
    await screenshot(page, "export-es");
    await expectNothingCut(page);
    await page.context().close();
  });

  it("says why there is none", async () => {
    const page = await open(browser, { query: "refuses=readyExport" });
    await page.keyboard.press("Control+Shift+E");
    await page.getByRole("dialog").getByText("library").waitFor();
    expect(await page.getByRole("button", { name: "Save as…" }).isDisabled()).toBe(true);
    await screenshot(page, "export-refused");
    await page.context().close();
  });
});
