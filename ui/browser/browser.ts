/** The browser that the tests drive. */
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

import axe from "axe-core";
import { chromium, type Browser, type Page } from "playwright-core";
import { expect, inject } from "vitest";

const SCREENSHOTS = fileURLToPath(new URL("../../build/screenshots/", import.meta.url));

export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    headless: true,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

export interface Opening {
  /** What the core in memory is asked for, such as `images=0`. */
  query?: string;
  theme?: "dark" | "light";
  width?: number;
  height?: number;
  /** Device pixels a CSS pixel. */
  deviceScale?: number;
}

/** Opens the window in a context of its own; errors of the page fail the test. */
export async function open(browser: Browser, opening: Opening = {}): Promise<Page> {
  const { query = "", theme = "dark", width = 1280, height = 800, deviceScale = 1 } = opening;
  const context = await browser.newContext({
    viewport: { width, height },
    deviceScaleFactor: deviceScale,
    colorScheme: theme,
    reducedMotion: "reduce",
  });
  const page = await context.newPage();
  page.on("pageerror", (error) => {
    throw error;
  });
  await page.goto(`${inject("address")}?${query}`);
  await page.getByRole("navigation", { name: "Screens" }).waitFor();
  return page;
}

/** Shows a page of the settings by its title, from the settings. */
export async function showSettingsPage(page: Page, title: string): Promise<void> {
  await page.locator(".settings nav").first().getByRole("button", { name: title, exact: true }).click();
}

export async function screenshot(page: Page, name: string): Promise<void> {
  mkdirSync(SCREENSHOTS, { recursive: true });
  await page.evaluate(() => document.fonts.ready);
  // Two frames: what was decided in this one is painted in the next.
  await page.evaluate(() => new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted))));
  await page.screenshot({ path: `${SCREENSHOTS}${name}.png` });
}

/** Fails on anything that axe calls serious or critical. */
export async function expectAccessible(page: Page): Promise<void> {
  await page.evaluate(axe.source);
  const found = await page.evaluate(async () => {
    const { violations } = await (window as unknown as { axe: typeof axe }).axe.run(document);
    return violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(
        ({ id, nodes }) =>
          `${id}: ${nodes.map((node) => `${node.target.join(" ")} ${node.failureSummary}`).join("; ")}`,
      );
  });
  expect(found).toEqual([]);
}

/** Fails on whatever reaches beyond the window, or scrolls sideways, or is cut off where nothing says so. */
export async function expectNothingCut(page: Page): Promise<void> {
  const cut = await page.evaluate(() => {
    const names = (element: Element) =>
      `${element.tagName}.${element.className}: ${element.textContent?.trim().slice(0, 40)}`;
    const isShown = (element: Element) => element.checkVisibility() && !element.closest(".spoken");
    const shown = [...document.querySelectorAll("body *")].filter(isShown);
    const wide = shown.filter((element) => {
      const { overflowX, textOverflow } = getComputedStyle(element);
      const hides = overflowX !== "visible" && textOverflow !== "ellipsis";
      // What is typed into a field may be longer than the field.
      return (
        !(element instanceof HTMLInputElement) &&
        hides &&
        element.clientWidth > 0 &&
        element.scrollWidth > element.clientWidth + 1
      );
    });
    const beyond = shown.filter((element) => {
      const { left, right, width } = element.getBoundingClientRect();
      return width > 0 && (right > window.innerWidth + 1 || left < -1);
    });
    return [...wide, ...beyond].map(names);
  });
  expect(cut).toEqual([]);
}
