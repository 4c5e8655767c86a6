import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { expectAccessible, launch, open, screenshot } from "./browser";

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

const sizes = [
  { width: 1280, height: 800 },
  { width: 1440, height: 900 },
];

describe.each(["dark", "light"] as const)("in the %s theme", (theme) => {
  describe.each(sizes)("at $width x $height", ({ width, height }) => {
    const name = (screen: string) => `${screen}-${theme}-${width}`;

    it("the welcome is legible and reachable", async () => {
      const page = await open(browser, { query: "images=0", theme, width, height });
      await page.getByRole("heading", { name: "Drop folders of photos here" }).waitFor();
      await screenshot(page, name("welcome"));
      await expectAccessible(page);
      await page.context().close();
    });

    it("the library is", async () => {
      const page = await open(browser, { theme, width, height });
      await page.getByRole("option", { name: "dahlia_0005.jpg" }).click();
      await page.waitForFunction(() => [...document.images].every((image) => image.complete));
      await screenshot(page, name("library"));
      await expectAccessible(page);
      await page.context().close();
    });

    it("the plan is, with shortfalls and with prices", async () => {
      const page = await open(browser, { query: "priced", theme, width, height });
      await page.getByRole("button", { name: "Plan", exact: true }).click();
      await page.getByRole("radio", { name: "Built-in detector" }).waitFor();
      await screenshot(page, name("plan"));
      await expectAccessible(page);
      await page
        .getByRole("combobox", { name: "Recipe" })
        .selectOption({ label: "Bird vocabulary, Spanish and English" });
      await page.getByText("does not know").waitFor();
      await screenshot(page, name("plan-shortfalls"));
      await expectAccessible(page);
      await page.context().close();
    });

    it("the settings and the sheet of shortcuts are", async () => {
      const page = await open(browser, { theme, width, height });
      await page.getByRole("button", { name: "Settings" }).click();
      await page.getByText("/home/you/.local/share/fieldmark", { exact: true }).waitFor();
      await screenshot(page, name("settings"));
      await expectAccessible(page);
      await page.keyboard.press("?");
      await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
      await screenshot(page, name("shortcuts"));
      await expectAccessible(page);
      await page.keyboard.press("Escape");
      expect(await page.getByRole("dialog").count()).toBe(0);
      await page.context().close();
    });
  });
});
