import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

import { expectAccessible, expectNothingCut, launch, open, screenshot, showSettingsPage } from "./browser";

let browser: Browser;
let page: Page;
beforeAll(async () => {
  browser = await launch();
});
afterEach(() => page.context().close());
afterAll(() => browser.close());

const tour = () =>
  page.getByRole("dialog", { name: /Add photos here|See the cost|Leave it running|Decide with|Export the dataset/ });

it("leads from an empty library to accept and next by the keyboard alone", async () => {
  page = await open(browser, { query: "images=0" });
  await page.getByRole("heading", { name: "Drop photos or folders here" }).waitFor();
  await page.keyboard.press("Control+k");
  await page.keyboard.type("sample");
  await page.getByRole("option", { name: "Add the sample photos", selected: true }).waitFor();
  await page.keyboard.press("Enter");
  await tour().waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+Enter");
  await page.getByRole("button", { name: "Annotate 6 images, $0" }).waitFor();
  await page.keyboard.press("Control+Enter");
  await page.getByText("Completed").first().waitFor();
  await page.keyboard.press("Control+4");
  await page.getByRole("button", { name: "Accept and next A" }).waitFor();
  const shown = await page.getByRole("heading", { level: 1 }).innerText();
  await page.keyboard.press("a");
  await page.waitForFunction((was) => document.querySelector("h1")?.textContent !== was, shown);
  expect(await page.getByTestId("reviewed").innerText()).toBe("Reviewed 1 of 6");
});

describe("the tour", () => {
  it("goes along the screens in five steps, waits for a run, and comes once", async () => {
    page = await open(browser, { query: "images=0" });
    await page.getByRole("button", { name: "Try with the samples" }).click();
    const steps = [
      ["Library", "Next"],
      ["Plan", "Got it"],
      ["Run", "Next"],
      ["Review", "Next"],
      ["History", "Done"],
    ] as const;
    for (const [place, [screen, button]] of steps.entries()) {
      await page.getByText(`${place + 1} of 5`).waitFor();
      await page.locator(`[aria-current=page]`).getByText(screen).waitFor();
      const next = page.getByRole("button", { name: button, exact: true, disabled: false });
      await next.waitFor();
      await screenshot(page, `tour-${place + 1}-dark-1280`);
      await expectAccessible(page);
      await next.focus();
      await page.keyboard.press("Enter");
      // No step shows an empty screen: the samples are annotated first.
      if (screen !== "Plan") continue;
      await page.getByRole("button", { name: "Annotate 6 images, $0", disabled: false }).waitFor();
      await page.keyboard.press("Control+Enter");
    }
    expect(await tour().count()).toBe(0);
    // The window remembers it, also over a new library.
    const memory = await page.evaluate(() => ({ ...localStorage }));
    await page.context().close();
    page = await open(browser, { query: "images=0" });
    await page.evaluate((all) => Object.assign(localStorage, all), memory);
    await page.reload();
    await page.getByRole("navigation", { name: "Screens" }).waitFor();
    await page.keyboard.press("Control+1");
    await page.getByRole("button", { name: "Try with the samples" }).click();
    await page.getByRole("status").getByText("6 images added").waitFor();
    expect(await tour().count()).toBe(0);
  });

  it("follows users who go to the next screen themselves", async () => {
    page = await open(browser, { query: "images=0" });
    await page.getByRole("button", { name: "Try with the samples" }).click();
    await page.getByText("1 of 5").waitFor();
    await page.keyboard.press("Control+2");
    await page.getByText("2 of 5").waitFor();
    await page.getByRole("button", { name: "Annotate 6 images, $0", disabled: false }).waitFor();
    await page.keyboard.press("Control+Enter");
    await page.getByText("3 of 5").waitFor();
    await page.getByRole("heading", { name: "Leave it running" }).waitFor();
    // Another screen than the next one is none of the tour's.
    await page.keyboard.press("Control+1");
    await page.getByText("3 of 5").waitFor();
    await page.keyboard.press("Control+4");
    await page.getByText("4 of 5").waitFor();
    await page.context().close();
  });

  it("is left with Escape from anywhere, and begun again from the palette and the settings", async () => {
    page = await open(browser);
    await page.keyboard.press("Control+k");
    await page.keyboard.type("take the tour");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Next", exact: true }).and(page.locator(":focus")).waitFor();
    await page.keyboard.press("Enter");
    await page.getByText("2 of 5").waitFor();
    await page.getByRole("radio", { name: "Built-in detector" }).focus();
    await page.keyboard.press("Escape");
    await tour().waitFor({ state: "detached" });
    await page.keyboard.press("Control+,");
    await showSettingsPage(page, "About");
    await page.getByRole("button", { name: "Take the tour", exact: true }).focus();
    await page.keyboard.press("Enter");
    await page.getByText("1 of 5").waitFor();
    await page.getByRole("button", { name: "Skip the tour" }).click();
    await tour().waitFor({ state: "detached" });
  });
});

describe.each(["dark", "light"] as const)("axe finds nothing serious in the %s theme", (theme) => {
  it("in a sample, and on what was found to be mistaken", async () => {
    page = await open(browser, { query: "priced&key&endpoints", theme });
    await page.getByRole("option", { name: "lake_0001.jpg" }).waitFor();
    await page.keyboard.press("Control+Shift+A");
    await page.getByRole("button", { name: /^Check a sample of/ }).click();
    await page.getByText("correct and well placed?").waitFor();
    await expectAccessible(page);
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: /^Over 95 % of the image/ }).click();
    await page.getByRole("button", { name: /^Reject them on/ }).waitFor();
    await expectAccessible(page);
  });

  it("while nothing is read yet, when nothing can be read, and without a network", async () => {
    page = await open(browser, { slow: { overview: 3000 }, theme });
    await page.getByText("Opening the library").waitFor({ state: "attached" });
    await expect.poll(() => page.locator(".skeleton").evaluate((each) => getComputedStyle(each).opacity)).toBe("1");
    await screenshot(page, `loading-library-${theme}-1280`);
    await expectAccessible(page);
    await page.context().close();

    page = await open(browser, { refuses: { overview: {} }, theme });
    await page.getByRole("button", { name: "Try again" }).waitFor();
    await screenshot(page, `unread-library-${theme}-1280`);
    await expectAccessible(page);
    await expectNothingCut(page);
    await page.context().close();

    // In the app, which reaches its core without a network.
    page = await open(browser, { theme });
    const desktop = { is_desktop: true, is_read_only: false, roots: [] };
    await page.route("**/api/call/front_end", (route) => route.fulfill({ json: desktop }));
    await page.reload();
    await page.getByRole("option", { name: "lake_0001.jpg" }).waitFor();
    await page.context().setOffline(true);
    await page.getByText("No network: models on this machine still work").waitFor();
    await screenshot(page, `offline-${theme}-1280`);
    await expectAccessible(page);
  });
});

it("moves nothing for people who asked for that", async () => {
  page = await open(browser);
  await page.getByRole("option", { name: "lake_0001.jpg" }).waitFor();
  const moving = await page.evaluate(
    () =>
      [...document.querySelectorAll("body *")].filter((element) => {
        const { transitionDuration, animationDuration, animationName } = getComputedStyle(element);
        const takes = (durations: string) => durations.split(",").some((duration) => parseFloat(duration) > 0);
        return takes(transitionDuration) || (animationName !== "none" && takes(animationDuration));
      }).length,
  );
  expect(moving).toBe(0);
});
