import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { launch, open } from "./browser";

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

async function showScreen(page: Page, name: string): Promise<void> {
  await page.getByRole("navigation", { name: "Screens" }).getByRole("button", { name }).click();
}

async function startRun(page: Page): Promise<void> {
  await showScreen(page, "Plan");
  await page.getByRole("button", { name: /^Annotate / }).click();
  await page.getByRole("button", { name: "Pause" }).waitFor();
}

describe("a run", () => {
  it("goes from its start to the review of its marks", async () => {
    const page = await open(browser);
    await startRun(page);
    const bar = page.getByRole("progressbar", { name: "Progress of the run" });
    expect(await bar.getAttribute("aria-valuemax")).toBe("60");
    await page.getByRole("heading", { name: "Just answered" }).waitFor();
    await page.getByText("Completed", { exact: true }).waitFor();
    expect(await bar.getAttribute("aria-valuenow")).toBe("60");
    expect(await page.getByText("on this machine", { exact: true }).isVisible()).toBe(true);
    expect(await page.getByRole("button", { name: "Pause" }).count()).toBe(0);
    await page.getByRole("button", { name: "Review the marks" }).click();
    await page.getByRole("heading", { name: "Marks" }).waitFor();
    // The least certain comes first.
    const sure = await page.locator("ul.marks .number").allInnerTexts();
    expect(sure).toEqual([...sure].sort());
    await page.context().close();
  });

  it("is paused and resumed with Space", async () => {
    const page = await open(browser);
    await startRun(page);
    await page.keyboard.press("Space");
    await page.getByText("Paused", { exact: true }).waitFor();
    const resume = page.getByRole("button", { name: /^Resume, \d+ images left/ });
    await resume.waitFor();
    await page.keyboard.press("Space");
    await page.getByRole("button", { name: "Pause" }).waitFor();
    await page.getByText("Completed", { exact: true }).waitFor();
    await page.getByRole("button", { name: "See the report" }).click();
    await page.getByRole("region", { name: "Report of run 3" }).waitFor();
    await page.context().close();
  });

  it("says in the title bar how far it is while another screen is open", async () => {
    const page = await open(browser);
    await startRun(page);
    await showScreen(page, "Library");
    const way = page.getByRole("navigation", { name: "Screens" }).getByRole("button", { name: /^Run/ });
    await way.filter({ hasText: /^Run\s*\d+ %$/ }).waitFor();
    await way.filter({ hasText: /^Run$/ }).waitFor();
    await page.context().close();
  });

  it("can be cancelled, and goes on without being watched", async () => {
    const page = await open(browser);
    await startRun(page);
    await showScreen(page, "Library");
    await showScreen(page, "Run");
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByText("Cancelled", { exact: true }).waitFor();
    expect(await page.getByText("The rest can still be resumed").isVisible()).toBe(true);
    await page.context().close();
  });

  it("that was interrupted lost nothing and goes on", async () => {
    const page = await open(browser, { query: "interrupted" });
    await showScreen(page, "Run");
    await page.getByText("Nothing that had finished was lost").waitFor();
    await page.getByRole("button", { name: "Resume, 30 images left" }).click();
    await page.getByText("Completed", { exact: true }).waitFor();
    await page.context().close();
  });

  it("says what to do about failures", async () => {
    const page = await open(browser, { query: "images=400" });
    await showScreen(page, "Run");
    await page.getByRole("complementary", { name: "Needs you" }).getByText("File cannot be read").waitFor();
    await page.context().close();
  });
});
