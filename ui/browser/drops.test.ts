/** Files and folders that are dropped on the window or added to it. */
import { mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from "vitest";

import { words } from "../src/messages";
import { language } from "../src/messages/language.svelte";
import { expectAccessible, expectNothingCut, launch, open, screenshot } from "./browser";
import { Dragging } from "./dragging";

const SAMPLES = resolve(import.meta.dirname, "../../samples");
const PHOTOS = [join(SAMPLES, "coffee.jpg"), join(SAMPLES, "chelsea.jpg")];

let browser: Browser;
let page: Page;
beforeAll(async () => {
  browser = await launch();
});
afterEach(() => page.context().close());
afterAll(() => browser.close());

const first = () => page.getByRole("option", { name: "lake_0001.jpg" });

/** A folder with so many photos, and what `more` writes into it, until the test has ended. */
function folderOf(count: number, more: (folder: string, photo: Buffer) => void = () => undefined): string {
  const outer = mkdtempSync(join(tmpdir(), "fieldmark-drop-"));
  onTestFinished(() => rmSync(outer, { recursive: true }));
  const folder = join(outer, "Card");
  mkdirSync(folder);
  const photo = readFileSync(join(SAMPLES, "chelsea.jpg"));
  // What follows the picture makes its content distinct.
  for (let number = 1; number <= count; number += 1)
    writeFileSync(join(folder, `IMG_${number}.jpg`), Buffer.concat([photo, Buffer.from(String(number))]));
  more(folder, photo);
  return folder;
}

/** A photo whose header claims 25,000 x 16,500 pixels. */
function tooLarge(photo: Buffer): Buffer {
  const changed = Buffer.from(photo);
  const size = changed.indexOf(Buffer.from([0xff, 0xc0])) + 5;
  changed.writeUInt16BE(16_500, size);
  changed.writeUInt16BE(25_000, size + 2);
  return changed;
}

async function drop(...paths: string[]): Promise<void> {
  const dragging = await Dragging.begin(page, paths);
  await page.getByText("Drop to add").waitFor();
  await dragging.drop();
}

async function legible(name: string, width: number): Promise<void> {
  for (const theme of ["dark", "light"] as const) {
    await page.emulateMedia({ colorScheme: theme });
    await screenshot(page, `${name}-${theme}-${width}`);
    await expectAccessible(page);
  }
  await expectNothingCut(page);
}

describe("an import into an empty library", () => {
  it("shows how far an import is, and what it left out", async () => {
    page = await open(browser, { query: "images=0" });
    const folder = folderOf(200, (folder, photo) => {
      writeFileSync(join(folder, "IMG_0555.jpg"), "");
      writeFileSync(join(folder, "panorama.jpg"), tooLarge(photo));
    });
    // Both are there only while the import lasts; a quick one may end before all folders are known.
    const progress = Promise.all([
      page.getByRole("progressbar", { name: "Adding images" }).waitFor(),
      page.getByText(/^(Adding \d+ of 202 files|Scanning folders, \d+ files? so far)/).waitFor(),
    ]);
    await drop(folder);
    await progress;
    await page.getByRole("status").getByText("200 images added, 2 files skipped").waitFor();
    await page.getByRole("button", { name: "2 files skipped" }).click();
    const dialog = page.getByRole("dialog", { name: "Skipped files" });
    await dialog.getByText("Too large: 413 megapixels").waitFor();
    await dialog.getByText("Empty file").waitFor();
    await screenshot(page, "skipped-dark-1280");
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "hidden" });
    // The folder is a collection.
    await page.getByRole("button", { name: /^Card/ }).waitFor();
  });

  it("can cancel an upload", async () => {
    page = await open(browser, { query: "images=0" });
    let isCanceled = () => {};
    const canceled = new Promise<void>((resolve) => (isCanceled = resolve));
    await page.route("**/upload/**", async (route) => {
      await canceled;
      await route.abort().catch(() => undefined);
    });
    await drop(...PHOTOS);
    await page.getByRole("progressbar", { name: "Uploading" }).waitFor();
    await page.getByText(/^Uploading 0 of 2 files, 0 B of 119 KB/).waitFor();
    await screenshot(page, "uploading-dark-1280");
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("status").getByText("Upload canceled. Nothing was added.").waitFor();
    await page.getByRole("progressbar").waitFor({ state: "detached" });
    await page.getByRole("heading", { name: "Drop photos or folders here" }).waitFor();
    isCanceled();
  });

  it("can cancel an import", async () => {
    page = await open(browser, { query: "images=0" });
    await drop(folderOf(400));
    await page.getByRole("progressbar", { name: "Adding images" }).waitFor();
    await page.getByRole("button", { name: "Cancel" }).click();
    const told = page.getByRole("status").getByText(/^Import canceled after \d+ images?$/);
    const added = Number(/\d+/.exec(await told.innerText())?.[0]);
    expect(added).toBeLessThan(400);
    await expect
      .poll(() => page.locator(".statusbar").innerText())
      .toContain(added === 0 ? "No images yet" : `${added} image`);
  });
});

it("shows where to drop while files are over the window, and takes them", async () => {
  page = await open(browser);
  await first().waitFor();
  const dragging = await Dragging.begin(page, PHOTOS);
  await page.getByText("Drop to add").waitFor();
  await screenshot(page, "drop-dark-1280");
  await dragging.drop();
  await page.getByText("Drop to add").waitFor({ state: "hidden" });
  await page.getByRole("status").getByText("2 images added").waitFor();
  await page.locator(".statusbar").getByText("62 images").waitFor();
});

it("hides where to drop when files leave the window", async () => {
  page = await open(browser);
  await first().waitFor();
  await Dragging.begin(page, PHOTOS);
  await page.getByText("Drop to add").waitFor();
  // The protocol has no such event.
  await page.dispatchEvent("body", "dragleave");
  await page.getByText("Drop to add").waitFor({ state: "hidden" });
  expect(await page.locator(".toast").count()).toBe(0);
});

it("takes a drop over an open dialog, and says that the dialog stays", async () => {
  page = await open(browser);
  await first().waitFor();
  await page.keyboard.press("?");
  await page.getByRole("dialog").waitFor();
  const dragging = await Dragging.begin(page, PHOTOS);
  const note = page.getByText("The open dialog stays as it is.");
  await note.waitFor();
  // Above the dialog, which is in the top layer.
  expect(await page.locator(".drop.over").evaluate((drop) => drop.matches(":popover-open"))).toBe(true);
  await screenshot(page, "drop-over-dialog-dark-1280");
  await dragging.drop();
  await note.waitFor({ state: "hidden" });
  await page.locator(".toast").filter({ hasText: "2 images added" }).waitFor();
  expect(await page.getByRole("dialog").isVisible()).toBe(true);
});

describe.each(["en", "es"] as const)("in %s", (spoken) => {
  beforeAll(() => language.choose(spoken));
  afterAll(() => language.choose("en"));

  async function opened(width: number): Promise<void> {
    page = await open(browser, { width });
    await page.evaluate((spoken) => localStorage.setItem("fieldmark.language", JSON.stringify(spoken)), spoken);
    await page.reload();
    await first().waitFor();
  }

  it.each([1024, 1280, 1920])("where to drop is legible at %i pixels", async (width) => {
    await opened(width);
    await Dragging.begin(page, PHOTOS);
    await page.getByText(words.frame.dropTitle).waitFor();
    await page.getByText(words.browser.dropNote).waitFor();
    await legible(`${spoken}-drop`, width);
  });
});
