import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { agree, launch, open } from "./browser";

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
  it("goes from its start to the review of its annotations", async () => {
    const page = await open(browser, { query: "images=24" });
    await startRun(page);
    const bar = page.getByRole("progressbar", { name: "Progress of the run" });
    expect(await bar.getAttribute("aria-valuemax")).toBe("24");
    await page.getByRole("heading", { name: "Just answered" }).waitFor();
    await page.getByText("Completed", { exact: true }).waitFor();
    expect(await bar.getAttribute("aria-valuenow")).toBe("24");
    expect(await page.getByText("on the server", { exact: true }).isVisible()).toBe(true);
    expect(await page.getByRole("button", { name: "Pause" }).count()).toBe(0);
    await page.getByRole("button", { name: "Review annotations" }).click();
    await page.getByRole("heading", { name: "Annotations" }).waitFor();
    // The least certain comes first.
    const sure = await page.locator("ul.annotations .number").allInnerTexts();
    expect(sure.length).toBeGreaterThan(1);
    expect(sure).toEqual([...sure].sort());
    await page.context().close();
  });

  it("is paused and resumed with Space", async () => {
    const page = await open(browser, { query: "images=24" });
    await startRun(page);
    await page.keyboard.press("Space");
    await page.getByText("Paused", { exact: true }).waitFor();
    const resume = page.getByRole("button", { name: /^Resume, \d+ images left/ });
    await resume.waitFor();
    await page.keyboard.press("Space");
    await page.getByRole("button", { name: "Pause" }).waitFor();
    await page.getByText("Completed", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Show the report" }).click();
    await page.getByRole("region", { name: "Report of run 3" }).waitFor();
    await page.context().close();
  });

  it("says in the title bar how far it is while another screen is open", async () => {
    const page = await open(browser, { query: "images=24" });
    await startRun(page);
    await showScreen(page, "Library");
    const way = page.getByRole("navigation", { name: "Screens" }).getByRole("button", { name: /^Run/ });
    await way.filter({ hasText: /^Run\s*\d+ %$/ }).waitFor();
    await way.filter({ hasText: /^Run$/ }).waitFor();
    await page.context().close();
  });

  it("can be cancelled, and goes on without being watched", async () => {
    const page = await open(browser, { query: "images=24" });
    await startRun(page);
    await showScreen(page, "Library");
    await showScreen(page, "Run");
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByText("Canceled", { exact: true }).waitFor();
    expect(await page.getByText("The rest can still be resumed").isVisible()).toBe(true);
    await page.context().close();
  });

  it("that was interrupted lost nothing and goes on", async () => {
    const page = await open(browser, { query: "interrupted&images=24" });
    await showScreen(page, "Run");
    await page.getByText("Fieldmark was closed during this run").waitFor();
    await page.getByRole("button", { name: "Resume, 12 images left" }).click();
    await page.getByText("Completed", { exact: true }).waitFor();
    await page.context().close();
  });

  it("that stopped for credit or its budget says what it needs, with the action", async () => {
    for (const [reason, title, action] of [
      ["no_credit", "No credit", "Resume"],
      ["budget_reached", "Budget reached", "Raise and resume"],
    ] as const) {
      const page = await open(browser, { query: `priced&key&stopped=${reason}` });
      await agree(page);
      await showScreen(page, "Run");
      const needs = page.getByRole("complementary", { name: "Needs you" });
      await needs.getByRole("heading", { name: title }).waitFor();
      expect(await needs.getByText("Nothing", { exact: true }).count()).toBe(0);
      await needs.getByRole("button", { name: action, exact: true }).click();
      await page.getByRole("button", { name: "Pause" }).waitFor();
      await page.context().close();
    }
  });

  it("names a hook that failed, and leads to its settings", async () => {
    const page = await open(browser, { query: "hooks" });
    await showScreen(page, "Run");
    const needs = page.getByRole("complementary", { name: "Needs you" });
    await needs.getByText("After a run: failed with exit code 127").waitFor();
    await needs.getByText("Before a run: not run").waitFor();
    await needs.getByRole("button", { name: "Open the hook settings" }).first().click();
    await page.getByRole("heading", { name: "Hooks" }).waitFor();
    await page.context().close();
  });

  it("hints at what Space does now", async () => {
    const page = await open(browser, { query: "images=400" });
    await startRun(page);
    const hint = (text: string) => page.locator(".statusbar .hint").filter({ hasText: text });
    await hint("pause").waitFor();
    await page.keyboard.press("Space");
    await hint("resume").waitFor();
    expect(await hint("pause").count()).toBe(0);
    await page.context().close();
  });

  it("keeps its chart and pictures while another screen shows", async () => {
    const page = await open(browser, { query: "images=400" });
    await showScreen(page, "Run");
    await showScreen(page, "Library");
    await showScreen(page, "Run");
    await page.getByRole("slider", { name: /^Images per minute over/ }).waitFor();
    await page.getByRole("heading", { name: "Last answered" }).waitFor();
    await page.context().close();
  });

  it("says what to do about failures", async () => {
    const page = await open(browser, { query: "images=400" });
    await showScreen(page, "Run");
    await page.getByRole("complementary", { name: "Needs you" }).getByText("File cannot be read").waitFor();
    await page.context().close();
  });
});
