/** The library as a whole: its sizes, a backup that is downloaded, a check, and cleaning up. */
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";

import type { LibraryCheck, LibraryInfo, Pruned } from "../src/api/bindings";
import { words } from "../src/messages";
import { call, changeAnswer, expectAccessible, launch, open, screenshot, showSettingsPage } from "./browser";

let browser: Browser;
let page: Page;
beforeAll(async () => {
  browser = await launch();
});
afterEach(() => page.context().close());
afterAll(() => browser.close());

const said = words.storage;
const button = (name: string) => page.getByRole("button", { name, exact: true });
const status = (text: string) => page.getByRole("status").filter({ hasText: text });

async function opened(theme: "dark" | "light" = "dark"): Promise<void> {
  page = await open(browser, { theme });
  await page.keyboard.press("Control+,");
  await showSettingsPage(page, said.title);
  await page.getByText(said.total, { exact: true }).waitFor();
}

it("makes a backup, which a browser downloads", async () => {
  await opened();
  const info = await call<LibraryInfo>(page, "library_info");
  expect(info.last_backup).toBeNull();
  await page.getByText(said.counted(info.counts), { exact: true }).waitFor();
  await button(said.backUp).click();
  const link = page.getByRole("link", { name: said.download, exact: true });
  // It counts as a backup once it is downloaded.
  await link.waitFor();
  expect((await call<LibraryInfo>(page, "library_info")).last_backup).toBeNull();
  const downloading = page.waitForEvent("download");
  await link.click();
  const download = await downloading;
  expect(download.suggestedFilename()).toMatch(/^fieldmark-.*\.zip$/);
  expect(await download.failure()).toBeNull();
  const { last_backup } = await call<LibraryInfo>(page, "library_info");
  expect(last_backup).toMatchObject({ path: download.suggestedFilename(), state: "downloaded" });
  if (last_backup !== null) await status(said.lastBackup(last_backup)).waitFor();

  await button(said.cleanUp).click();
  const dialog = page.getByRole("dialog", { name: said.cleanTitle });
  await dialog.getByText(said.pruned.exports, { exact: true }).waitFor();
  const { bytes } = await call<Pruned>(page, "prune_library", { is_dry_run: true });
  await dialog.getByRole("button", { name: said.remove(bytes), exact: true }).click();
  await page.locator("#row-library-clean-up").getByRole("status").waitFor();
  expect((await call<LibraryInfo>(page, "library_info")).sizes.exports).toBe(0);
});

it.each(["dark", "light"] as const)("says what a check found, legibly in the %s theme", async (theme) => {
  await opened(theme);
  await expectAccessible(page);
  await changeAnswer<LibraryCheck>(page, "check_library", (check) => ({
    ...check,
    differences: [{ of: "labels", rows: 2 }],
    is_database_sound: false,
    missing_count: 14,
    missing: Array.from({ length: 14 }, (_, place) => ({
      name: `DSC_00${place}.jpg`,
      path: `/photos/DSC_00${place}.jpg`,
    })),
    stray_thumbnails: 3,
  }));
  await button(said.check).click();
  const result = status(said.missing(14));
  await result.waitFor();
  for (const text of [said.differs("labels"), said.repair, "DSC_007.jpg", said.more(6), said.strays(3)]) {
    await result.getByText(text).waitFor();
  }
  await expectAccessible(page);
  await screenshot(page, `storage-${theme}-1280`);
});
