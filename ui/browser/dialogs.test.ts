/** Every dialog by the keyboard: it takes the focus, keeps it, closes with Escape, and gives the focus back. */
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";

import { expectAccessible, launch, open, showSettingsPage } from "./browser";

interface Asked {
  query?: string;
  /** What opens it, with the keyboard on it. */
  opener: (page: Page) => Promise<Locator>;
  title: RegExp;
}

let browser: Browser;
let page: Page;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

async function on(keys: string, name: string | RegExp): Promise<Locator> {
  await page.keyboard.press(keys);
  const opener = page.getByRole("button", { name }).first();
  await opener.waitFor();
  return opener;
}

const DIALOGS: Record<string, Asked> = {
  "agreeing to a server": {
    query: "priced&key",
    opener: () => on("Control+2", /^Annotate 60 images, about/),
    title: /^Send 60 images to/,
  },
  "the exact prompt": {
    query: "priced&key",
    opener: () => on("Control+2", "Show the exact prompt"),
    title: /^Exact prompt/,
  },
  "agreeing to commands before a run": {
    query: "hooks",
    opener: () => on("Control+2", /^Annotate 60 images/),
    title: /^Run this command\?/,
  },
  "agreeing to a command in the settings": {
    query: "hooks",
    opener: async () => {
      await on("Control+,", "Hooks");
      await showSettingsPage(page, "Hooks");
      return page.getByRole("button", { name: "Review… Before a run" });
    },
    title: /^Run this command\?/,
  },
  "requests that may have been billed": {
    query: "priced&key&interrupted",
    opener: () => on("Control+3", /^Resume, 30 images left/),
    title: /^Resume run 3\?/,
  },
  "adding an endpoint": {
    query: "priced&key&endpoints",
    opener: () => on("Control+,", "Add an endpoint"),
    title: /^Add an endpoint/,
  },
  "editing an endpoint": {
    query: "priced&key&endpoints",
    opener: () => on("Control+,", "Edit Frankfurt"),
    title: /^Edit the endpoint/,
  },
  "undoing a run": { opener: () => on("Control+5", "Undo this run"), title: /^Undo run 2\?/ },
  "choosing what to compare with": { opener: () => on("Control+5", "Compare with…"), title: /^Compare run 2 with/ },
  "accepting above a threshold": {
    opener: () => on("Control+1", "Accept above…"),
    title: /^Accept above a threshold/,
  },
  "rejecting annotations in bulk": {
    query: "mistakes&images=240",
    opener: async () => {
      await page.getByRole("combobox", { name: "Search" }).fill("check:huge ");
      return on("Control+1", /^Reject them on/);
    },
    title: /^Reject annotations on/,
  },
  "skipped files": { opener: () => on("Control+1", /skipped$/), title: /^Skipped files/ },
  shortcuts: { opener: () => on("Control+1", "Keyboard shortcuts"), title: /^Keyboard shortcuts/ },
};

const isInside = (dialog: Locator): Promise<boolean> =>
  dialog.evaluate((each) => each.contains(document.activeElement));

it.each(Object.entries(DIALOGS))("%s", async (_, { query = "", opener, title }) => {
  page = await open(browser, { query });
  const opening = await opener(page);
  await opening.focus();
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: title });
  await dialog.waitFor();
  await expect.poll(() => isInside(dialog)).toBe(true);
  await expectAccessible(page);
  // Around once and back: the browser's own chrome is the only other place, and it holds no element of the page.
  for (const keys of ["Tab", "Shift+Tab"])
    for (let step = 0; step < 12; step += 1) {
      await page.keyboard.press(keys);
      const elsewhere = await dialog.evaluate((each) =>
        document.activeElement !== document.body && !each.contains(document.activeElement)
          ? (document.activeElement?.outerHTML.slice(0, 200) ?? "")
          : "",
      );
      expect(elsewhere).toBe("");
    }
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  const focused = (): Promise<string> =>
    opening.evaluate((each) =>
      each === document.activeElement ? "what opened it" : (document.activeElement?.outerHTML.slice(0, 200) ?? ""),
    );
  await expect.poll(focused).toBe("what opened it");
  await page.context().close();
});

it("a key is replaced, or not, without leaving its place", async () => {
  page = await open(browser);
  await page.keyboard.press("Control+,");
  const key = page.getByLabel("Key", { exact: true });
  await key.fill("sk-ant-1");
  await page.keyboard.press("Enter");
  const replace = page.getByRole("button", { name: "Replace", exact: true });
  await replace.focus();
  await page.keyboard.press("Enter");
  await key.and(page.locator(":focus")).waitFor();
  await expectAccessible(page);
  await page.keyboard.press("Escape");
  await replace.and(page.locator(":focus")).waitFor();
  expect(await key.count()).toBe(0);
  await page.keyboard.press("Enter");
  await page.keyboard.type("sk-ant-2");
  await page.keyboard.press("Enter");
  await replace.and(page.locator(":focus")).waitFor();
  await page.context().close();
});
