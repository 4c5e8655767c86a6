/** Review at one photo, worked on by mouse and keys: what the tests of the editor have in common. */
import type { Browser, Page } from "playwright-core";
import { expect } from "vitest";

import { open, type Opening } from "./browser";

/** The page that was opened last. */
export let page: Page;

/** Where the image is in the page: its upper left corner, and CSS pixels an image pixel. */
export let stage = { x: 0, y: 0, scale: 1 };
const FIT_MARGIN = 24;

/** Opens review at the first photo of this stem. */
export async function openAt(browser: Browser, stem: string, opening: Opening = {}): Promise<void> {
  page = await open(browser, opening);
  await page.getByRole("navigation", { name: "Screens" }).getByRole("button", { name: "Review" }).click();
  await page.getByRole("heading", { name: "Annotations" }).waitFor();
  for (let tries = 0; tries < 30 && !(await name()).startsWith(stem); tries += 1) {
    await page.keyboard.press("ArrowRight");
    await frames();
  }
  expect(await name()).toMatch(new RegExp(`^${stem}`));
  await page.waitForFunction(() => {
    const canvas = document.querySelector("canvas");
    const middle = canvas?.getContext("2d")?.getImageData(canvas.width / 2, canvas.height / 2, 1, 1).data;
    return middle?.[3] === 255;
  });
  await frames();
  await locate();
}

export async function locate(): Promise<void> {
  const canvas = await page.locator("canvas[role=img]").boundingBox();
  const [, width = 1, height = 1] = (/(\d+) × (\d+)/.exec(await page.locator(".toolbar").innerText()) ?? []).map(
    Number,
  );
  if (!canvas) throw new Error("no canvas");
  const scale = Math.min((canvas.width - 2 * FIT_MARGIN) / width, (canvas.height - 2 * FIT_MARGIN) / height, 4);
  stage = {
    x: canvas.x + (canvas.width - width * scale) / 2,
    y: canvas.y + (canvas.height - height * scale) / 2,
    scale,
  };
}

export async function frames(): Promise<void> {
  await page.evaluate(() => new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted))));
}

export function name(): Promise<string> {
  return page.getByRole("heading", { level: 1 }).innerText();
}

/** A point of the image in the page. */
export function at(x: number, y: number): [number, number] {
  return [stage.x + x * stage.scale, stage.y + y * stage.scale];
}

export async function drag(from: [number, number], to: [number, number]): Promise<void> {
  await page.mouse.move(...at(...from));
  await page.mouse.down();
  await page.mouse.move(...at((from[0] + to[0]) / 2, (from[1] + to[1]) / 2));
  await page.mouse.move(...at(...to));
  await page.mouse.up();
  await frames();
}

export async function click(x: number, y: number): Promise<void> {
  await page.mouse.click(...at(x, y));
  await frames();
}

export async function press(...keys: string[]): Promise<void> {
  for (const key of keys) await page.keyboard.press(key);
  await frames();
}

export async function box(): Promise<number[]> {
  const values: number[] = [];
  for (const field of ["X", "Y", "Width", "Height"])
    values.push(Number(await page.getByRole("spinbutton", { name: field, exact: true }).inputValue()));
  return values;
}

/** Names of the annotations in the list. */
export function annotations(): Promise<string[]> {
  return page
    .locator("aside li button[aria-pressed].choose")
    .evaluateAll((buttons) => buttons.map((button) => button.getAttribute("aria-label") ?? ""));
}

export const selected = () => page.locator("aside li button.choose[aria-pressed='true']").getAttribute("aria-label");

export function expectNear(found: number[], wanted: number[], slack = 1): void {
  expect(found).toHaveLength(wanted.length);
  found.forEach((value, place) => expect(Math.abs(value - (wanted[place] ?? 0))).toBeLessThanOrEqual(slack));
}
