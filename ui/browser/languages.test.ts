import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";

import { expectAccessible, expectNothingCut, launch, open, screenshot } from "./browser";

let browser: Browser;
let page: Page;
beforeAll(async () => {
  browser = await launch();
});
afterEach(() => page.context().close());
afterAll(() => browser.close());

async function inSpanish(query = "", theme: "dark" | "light" = "dark", width = 1280): Promise<void> {
  page = await open(browser, { query, theme, width });
  await page.keyboard.press("Control+,");
  await page.getByRole("radio", { name: "Español" }).check();
  await page.getByRole("heading", { name: "Ajustes" }).waitFor();
}

async function settled(): Promise<void> {
  await page.waitForFunction(() => [...document.images].every((image) => image.complete));
}

it("changes the language at once, stays where one was, and keeps it", async () => {
  await inSpanish();
  expect(await page.locator("html").getAttribute("lang")).toBe("es");
  expect(await page.getByRole("radio", { name: "Español" }).evaluate((each) => each === document.activeElement)).toBe(
    true,
  );
  await page.reload();
  await page.getByRole("navigation", { name: "Pantallas" }).waitFor();
  await page.keyboard.press("Control+,");
  await page.getByRole("radio", { name: "English" }).check();
  await page.getByRole("heading", { name: "Settings" }).waitFor();
  expect(await page.locator("html").getAttribute("lang")).toBe("en");
});

it.each([
  ["dark", 1280],
  ["light", 1280],
] as const)("has room for Spanish on every screen (%s, %i)", async (theme, width) => {
  await inSpanish("priced&key", theme, width);
  const shows: [string, () => Promise<void>][] = [
    ["settings", () => page.getByRole("heading", { name: "Ajustes" }).waitFor()],
    ["Biblioteca", () => page.getByRole("option", { name: "lake_0001.jpg" }).waitFor()],
    ["Plan", () => page.getByRole("radio", { name: "Built-in detector" }).waitFor()],
    ["Ejecución", () => page.getByRole("heading", { name: "Ejecución 2" }).waitFor()],
    ["Revisión", () => page.getByRole("heading", { name: "Marcas" }).waitFor()],
    ["Historial", () => page.getByRole("heading", { name: "Ejecuciones" }).waitFor()],
  ];
  const cut: string[] = [];
  for (const [screen, shown] of shows) {
    if (screen !== "settings")
      await page.getByRole("navigation", { name: "Pantallas" }).getByRole("button", { name: screen }).click();
    await shown();
    await settled();
    await screenshot(page, `es-${screen.toLowerCase()}-${theme}-${width}`);
    await expectNothingCut(page).catch((problem: Error) =>
      cut.push(`${screen}: ${JSON.stringify((problem as Error & { actual?: unknown }).actual)}`),
    );
    await expectAccessible(page);
  }
  expect(cut).toEqual([]);
});

it("greets in Spanish", async () => {
  await inSpanish("images=0");
  await page.keyboard.press("Control+1");
  await page.getByRole("heading", { name: "Suelta aquí carpetas de fotos" }).waitFor();
  await screenshot(page, "es-bienvenida-dark-1280");
  await expectNothingCut(page);
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Atajos de teclado" }).waitFor();
  await screenshot(page, "es-atajos-dark-1280");
  await expectNothingCut(page);
});
