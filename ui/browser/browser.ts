/** The browser that the tests drive. */
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import axe from "axe-core";
import { chromium, type Browser, type Locator, type Page } from "playwright-core";
import { expect } from "vitest";

import type { ErrorCode, Settings } from "../src/api/bindings";
import { place } from "../src/messages/place.svelte";
import { openScene, type Scene } from "../test/core";

const SCREENSHOTS = fileURLToPath(new URL("../../build/screenshots/", import.meta.url));

// Tests find things by their text in a browser's window.
place.isServer = true;

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
  /** The scene, such as `images=0`. */
  query?: string;
  /** Operations that fail: with the error code, as often as said, or always. */
  refuses?: Record<string, { code?: ErrorCode; times?: number }>;
  /** Operations that take this many milliseconds longer. */
  slow?: Record<string, number>;
  theme?: "dark" | "light";
  width?: number;
  height?: number;
  /** Device pixels a CSS pixel. */
  deviceScale?: number;
}

const scenes = new WeakMap<Page, Scene>();

/** The scene that a page shows. */
export function sceneOf(page: Page): Scene {
  const scene = scenes.get(page);
  if (!scene) throw new Error("the page shows no scene");
  return scene;
}

/** The name of the scene's server, as the window shows it. */
export function hostOf(page: Page): string {
  return new URL(sceneOf(page).simulator[0] ?? "").host;
}

/** Calls an operation of the page's core. */
export async function call<Answer>(page: Page, operation: string, data: object = {}): Promise<Answer> {
  const { origin } = new URL(page.url());
  const response = await page.request.post(`${origin}/api/call/${operation}`, { data, headers: { origin } });
  if (!response.ok()) throw new Error(`${operation}: ${await response.text()}`);
  return (await response.json()) as Answer;
}

/** Changes settings, as the user did before. */
export async function changeSettings(page: Page, change: (settings: Settings) => Partial<Settings>): Promise<void> {
  const before = await call<Settings>(page, "settings");
  await call(page, "change_settings", { before, after: { ...before, ...change(before) } });
}

/** Agrees to send images to the scene's server, as the user of an earlier run has. */
export async function agree(page: Page): Promise<void> {
  await changeSettings(page, ({ agreed_hosts = [] }) => ({ agreed_hosts: [...(agreed_hosts ?? []), hostOf(page)] }));
}

/** Lets operations fail or take long, on their way to the core. */
export async function disturb(page: Page, { refuses = {}, slow = {} }: Opening): Promise<void> {
  for (const [operation, millis] of Object.entries(slow)) {
    await page.route(`**/api/call/${operation}`, async (route) => {
      await new Promise((later) => setTimeout(later, millis));
      await route.continue().catch(() => undefined);
    });
  }
  for (const [operation, { code = "library", times = Infinity }] of Object.entries(refuses)) {
    const json = { code, message: "injected by the test" };
    await page.route(
      `**/api/call/${operation}`,
      (route) => route.fulfill({ status: 422, json }),
      times === Infinity ? {} : { times },
    );
  }
}

/** Has the library of a large scene made before the tests on it; that takes minutes once after a build. */
export async function prepare(query: string): Promise<void> {
  await (await openScene(query)).close();
}

/** How long that may take. */
export const PREPARATION_MILLIS = 400_000;

/** Changes the core's answers to an operation on their way to the page. */
export async function changeAnswer<Answer>(
  page: Page,
  operation: string,
  change: (answer: Answer) => Answer,
): Promise<void> {
  await page.route(`**/api/call/${operation}`, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: change((await response.json()) as Answer) });
  });
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
  const scene = await openScene(query);
  scenes.set(page, scene);
  page.on("close", () => void scene.close());
  await disturb(page, opening);
  await page.goto(scene.url);
  await page.getByRole("navigation", { name: "Screens" }).waitFor();
  return page;
}

/** Chooses an option of a select by its name. */
export async function choose(select: Locator, option: string): Promise<void> {
  await select.click();
  await select.page().getByRole("listbox").getByRole("option", { name: option, exact: true }).last().click();
}

/** Shows a page of the settings by its title, from the settings. */
export async function showSettingsPage(page: Page, title: string): Promise<void> {
  await page.locator(".settings nav").first().getByRole("button", { name: title, exact: true }).click();
}

/** Waits until what was decided is painted. */
export async function painted(page: Page): Promise<void> {
  await page.evaluate(() => document.fonts.ready);
  // Two frames: what was decided in this one is painted in the next.
  await page.evaluate(() => new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted))));
}

export async function screenshot(page: Page, name: string): Promise<void> {
  mkdirSync(SCREENSHOTS, { recursive: true });
  await painted(page);
  // Playwright's own takes several times as long to compress them.
  const session = await page.context().newCDPSession(page);
  const { data } = await session.send("Page.captureScreenshot", { optimizeForSpeed: true });
  await session.detach();
  writeFileSync(`${SCREENSHOTS}${name}.png`, data, "base64");
}

/** The rules of axe that depend on the theme. */
export const COLOR_RULES = ["color-contrast", "link-in-text-block"];

/** Fails on anything that axe calls serious or critical, by these rules or by all. */
export async function expectAccessible(page: Page, rules?: string[]): Promise<void> {
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(axe.source);
  const found = await page.evaluate(async (rules) => {
    // Without fetching style sheets and media again, which only rules of lesser impact need.
    const options = { preload: false, ...(rules ? { runOnly: { type: "rule" as const, values: rules } } : {}) };
    const { violations } = await (window as unknown as { axe: typeof axe }).axe.run(document, options);
    return violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(
        ({ id, nodes }) =>
          `${id}: ${nodes.map((node) => `${node.target.join(" ")} ${node.failureSummary}`).join("; ")}`,
      );
  }, rules);
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
    // What reaches beyond the left edge of a dialog cannot be scrolled to.
    const outside = shown.filter((element) => {
      const dialog = element.closest("[role=dialog]");
      return dialog !== null && element.getBoundingClientRect().left < dialog.getBoundingClientRect().left - 1;
    });
    return [...wide, ...beyond, ...outside].map(names);
  });
  expect(cut).toEqual([]);
}
