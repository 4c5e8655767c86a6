import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import {
  expectAccessible,
  expectNothingCut,
  launch,
  open,
  type Opening,
  screenshot,
  showSettingsPage,
} from "./browser";

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

async function openSettings(opening: Opening = {}): Promise<Page> {
  const page = await open(browser, opening);
  await page.getByRole("button", { name: "Settings", exact: true }).first().click();
  await showSettingsPage(page, "Hooks");
  await page.getByRole("heading", { name: "Hooks" }).waitFor();
  return page;
}

function save(page: Page): Locator {
  return page.locator("#settings-hooks").getByRole("button", { name: "Save", exact: true });
}

describe("hooks", () => {
  it("shows a new command whole, and when it runs, before it is saved", async () => {
    const page = await openSettings();
    await page.getByRole("textbox", { name: "After a run" }).fill('echo "$FIELDMARK_RUN" >> runs.txt');
    await save(page).click();
    const dialog = page.getByRole("dialog", { name: "Run this command?" });
    await dialog.getByText('echo "$FIELDMARK_RUN" >> runs.txt', { exact: true }).waitFor();
    await dialog.getByText("It runs after every run, whether or not it succeeded.").waitFor();
    await screenshot(page, "hooks-consent-dark-1280");
    await expectAccessible(page);
    await dialog.getByRole("button", { name: "Not now" }).click();
    // Nothing was saved, and nothing that was typed is lost.
    await save(page).click();
    await dialog.getByRole("button", { name: "Allow this command" }).click();
    await expect.poll(() => save(page).count()).toBe(0);
    expect(await page.getByRole("textbox", { name: "After a run" }).inputValue()).toBe(
      'echo "$FIELDMARK_RUN" >> runs.txt',
    );
    await page.context().close();
  });

  it("fills in for Claude Flow and asks about both commands", async () => {
    const page = await openSettings();
    await page.getByRole("button", { name: "Use the Claude Flow commands" }).click();
    await save(page).click();
    const dialog = page.getByRole("dialog", { name: "Run these commands?" });
    await dialog.getByRole("region", { name: "Before a run" }).getByText("hooks pre-task").waitFor();
    await dialog.getByRole("region", { name: "After a run" }).getByText("hooks post-task").waitFor();
    await screenshot(page, "hooks-claude-flow-dark-1280");
    await expectNothingCut(page);
    await page.context().close();
  });

  it("asks before a run starts with a command that came by another way", async () => {
    const page = await open(browser, { query: "hooks" });
    await page.getByRole("navigation", { name: "Screens" }).getByRole("button", { name: "Plan" }).click();
    await page.getByRole("button", { name: /^Annotate / }).click();
    const dialog = page.getByRole("dialog", { name: "Run this command?" });
    await dialog.getByRole("button", { name: "Start without it" }).waitFor();
    await screenshot(page, "hooks-plan-dark-1280");
    await expectAccessible(page);
    await dialog.getByRole("button", { name: "Allow this command" }).click();
    await page.getByRole("heading", { name: "Run 3" }).waitFor();
    await page.context().close();
  });

  it("says in history what hooks did", async () => {
    const page = await open(browser, { query: "hooks" });
    await page.getByRole("navigation", { name: "Screens" }).getByRole("button", { name: "History" }).click();
    const report = page.getByRole("region", { name: "Report of run 2" });
    await report.getByText("After a run: failed with exit code 127").scrollIntoViewIfNeeded();
    expect(await report.getByText("Before a run: not run: you have not allowed it").isVisible()).toBe(true);
    await report.getByText("Output").click();
    await report.getByText("sh: 1: notify-send: not found").waitFor();
    await screenshot(page, "hooks-history-dark-1280");
    await expectAccessible(page);
    await page.context().close();
  });
});

describe.each(["dark", "light"] as const)("in the %s theme", (theme) => {
  it("hooks are legible and reachable, and a command without consent is shown as such", async () => {
    const page = await openSettings({ theme, query: "hooks" });
    await page.getByText("You have not allowed this command").waitFor();
    await page.getByText("Last time, run 2: failed with exit code 127").waitFor();
    await screenshot(page, `hooks-${theme}-1280`);
    await expectAccessible(page);
    await expectNothingCut(page);
    await page.getByRole("button", { name: "Review… Before a run" }).click();
    await page.getByRole("dialog", { name: "Run this command?" }).getByText("./warm-up.sh").waitFor();
    await page.context().close();
  });
});
