/**
 * The recording of the README, docs/pictures/recording.webp: from the library to a dataset, in the window on the real core, with
 * the built-in detector. ffmpeg joins the frames.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, it } from "vitest";

import { modelName, words } from "../../src/messages";
import { launch, open, painted } from "../browser";
import { button, CLAUDE, DETECTOR, dialog, go, library } from "../looks/steps";

const RECORDING = fileURLToPath(new URL("../../../docs/pictures/recording.webp", import.meta.url));
const WIDTH = 1000;
/** A frame of a moving pointer. */
const FRAME_MILLIS = 60;
/** Between two frames of a run. */
const RUN_MILLIS = 250;

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

/** A pointer that shows where the mouse is; a picture of a page has none. */
async function showPointer(page: Page): Promise<void> {
  await page.evaluate(() => {
    const pointer = document.createElement("div");
    pointer.innerHTML =
      '<svg width="22" height="22" viewBox="0 0 22 22"><path d="M3 2v15l4-4 3 7 3-1-3-7h6z" fill="#fff" stroke="#000"/></svg>';
    pointer.style.cssText = "position:fixed;left:640px;top:400px;z-index:9999;pointer-events:none";
    document.body.append(pointer);
    document.addEventListener("mousemove", ({ clientX, clientY }) => {
      pointer.style.left = `${clientX - 3}px`;
      pointer.style.top = `${clientY - 2}px`;
    });
  });
}

class Recording {
  readonly #folder = mkdtempSync(join(tmpdir(), "fieldmark-recording-"));
  readonly #page: Page;
  #list = "";
  #frames = 0;
  #pointer: [number, number] = [640, 400];

  constructor(page: Page) {
    this.#page = page;
  }

  /** What the page shows, for so long. */
  async show(millis: number): Promise<void> {
    await painted(this.#page);
    const path = join(this.#folder, `${this.#frames}.png`);
    await this.#page.screenshot({ path });
    this.#frames += 1;
    this.#list += `file '${path}'\nduration ${millis / 1000}\n`;
  }

  /** Moves the pointer to the middle of a control. */
  async point(control: Locator): Promise<void> {
    await control.scrollIntoViewIfNeeded();
    const box = await control.boundingBox();
    if (!box) throw new Error("the control is not shown");
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    const [fromX, fromY] = this.#pointer;
    for (const share of [0.4, 0.75, 0.93, 1]) {
      await this.#page.mouse.move(fromX + (x - fromX) * share, fromY + (y - fromY) * share);
      await this.show(FRAME_MILLIS);
    }
    this.#pointer = [x, y];
  }

  async click(control: Locator): Promise<void> {
    await this.point(control);
    await this.show(350);
    await this.#page.mouse.down();
    await this.#page.mouse.up();
  }

  write(path: string): void {
    const list = join(this.#folder, "frames.txt");
    writeFileSync(list, this.#list);
    const input = ["-v", "error", "-y", "-f", "concat", "-safe", "0", "-i", list];
    const picture = ["-vf", `scale=${WIDTH}:-1:flags=lanczos`, "-fps_mode", "vfr", "-loop", "0"];
    const form = ["-c:v", "libwebp_anim", "-quality", "72", "-compression_level", "6"];
    execFileSync("ffmpeg", [...input, ...picture, ...form, path]);
    rmSync(this.#folder, { recursive: true });
  }
}

it("records", async () => {
  const page = await open(browser, { query: "key&images=60", width: 1280, height: 800 });
  const recording = new Recording(page);
  await library(page);
  await showPointer(page);
  await recording.show(1200);
  // A collection without annotations.
  await recording.click(button(page, "Harbour weekend"));
  await button(page, words.library.annotate(9)).waitFor();
  await page.waitForTimeout(300);
  await recording.show(1200);
  await recording.click(button(page, words.library.annotate(9)));

  // The prices of a vendor's model, and then the detector on this machine, whose answers are real.
  const model = (name: string) => page.getByRole("radio", { name: modelName(name) });
  await model(CLAUDE).waitFor();
  await recording.show(1200);
  for (const name of [CLAUDE, DETECTOR]) {
    await recording.point(model(name));
    await model(name).check({ force: true });
    await page.waitForTimeout(300);
    await recording.show(1400);
  }
  await recording.click(go(page));

  await button(page, words.run.pause).waitFor();
  const completed = page.getByText(words.run.states.completed, { exact: true }).first();
  while (!(await completed.isVisible())) {
    await page.waitForTimeout(RUN_MILLIS);
    await recording.show(RUN_MILLIS);
  }
  await recording.show(1400);
  await recording.click(button(page, words.run.review).first());
  await page
    .getByRole("listbox", { name: words.review.annotations })
    .or(page.locator("ul.annotations"))
    .first()
    .waitFor();
  await page.waitForTimeout(500);
  await recording.show(1300);
  for (const key of ["n", "Delete", "a", "a", "a", "a", "a"]) {
    await page.keyboard.press(key);
    await page.waitForTimeout(350);
    await recording.show(700);
  }

  await page.keyboard.press("Control+Shift+E");
  await dialog(page).getByRole("radio", { name: /^YOLO/ }).waitFor();
  await page.waitForTimeout(1000);
  await recording.show(1200);
  await dialog(page).getByRole("radio", { name: /^YOLO/ }).check({ force: true });
  await page.waitForTimeout(1000);
  await recording.show(2200);
  recording.write(RECORDING);
  await page.context().close();
});
