/**
 * The grid with 100,000 images, scrolled for some seconds beside an empty grid: a page of the same size whose rows are bare
 * coloured frames in the same places, so that its frames are the most that this machine's browser makes of such a page.
 */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, it } from "vitest";

import { launch, open } from "../browser";
import { type Frames, framesOf, heapMegabytes, print, printShare } from "./figures";

const IMAGES = 100_000;
const SECONDS = 6;
/** Screens of images per second: quicker than anyone reads, slower than a throw of the wheel. */
const SPEEDS = [
  { name: "reading", pixelsASecond: 1_500 },
  { name: "skimming", pixelsASecond: 12_000 },
];

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

/** Scrolls the element evenly and looks at the time between frames. */
async function scroll(page: Page, selector: string, pixelsASecond: number): Promise<Frames> {
  const between = await page.evaluate(
    ({ selector, pixelsASecond, seconds }) =>
      new Promise<number[]>((done) => {
        const element = document.querySelector(selector) as HTMLElement;
        const between: number[] = [];
        let [begun, before, at] = [0, 0, element.scrollTop];
        const step = (now: number) => {
          if (begun === 0) begun = now;
          else between.push(now - before);
          at += ((now - (before || now)) / 1000) * pixelsASecond;
          before = now;
          element.scrollTop = at;
          if (now - begun < seconds * 1000) return void requestAnimationFrame(step);
          done(between);
        };
        requestAnimationFrame(step);
      }),
    { selector, pixelsASecond, seconds: SECONDS },
  );
  return framesOf(between);
}

/** Puts the empty grid into the place of the window. */
function empty(page: Page): Promise<void> {
  return page.evaluate(() => {
    const grid = document.getElementById("library-grid") as HTMLElement;
    const { width, height, left, top } = grid.getBoundingClientRect();
    const frames = [...grid.querySelectorAll<HTMLElement>('[role="option"]')].map((cell) =>
      cell.getBoundingClientRect(),
    );
    const rowHeight = (frames.find(({ top: y }) => y > (frames[0]?.top ?? 0))?.top ?? 0) - (frames[0]?.top ?? 0);
    const columns = frames.filter(({ top: y }) => y === frames[0]?.top);
    const scroller = document.createElement("div");
    scroller.id = "empty-grid";
    scroller.style.cssText = `position:fixed;overflow-y:auto;left:${left}px;top:${top}px;width:${width}px;height:${height}px;background:#111`;
    const space = document.createElement("div");
    space.style.cssText = "position:relative;height:3000000px";
    scroller.append(space);
    const rows = Math.ceil(height / rowHeight) + 4;
    const cells = Array.from({ length: rows * columns.length }, () => {
      const cell = document.createElement("div");
      cell.style.cssText = "position:absolute;top:0;left:0;background:#333";
      cell.style.width = `${columns[0]?.width}px`;
      cell.style.height = `${rowHeight - 40}px`;
      return space.appendChild(cell);
    });
    // The rows that left at one end come in again at the other.
    scroller.addEventListener("scroll", () => {
      const first = Math.max(0, Math.floor(scroller.scrollTop / rowHeight) - 2);
      for (const [place, cell] of cells.entries()) {
        const row = Math.floor(place / columns.length);
        const at = first + ((((row - first) % rows) + rows) % rows);
        const x = (columns[place % columns.length]?.left ?? 0) - left;
        cell.style.transform = `translate(${x}px, ${at * rowHeight}px)`;
      }
    });
    document.getElementById("app")?.replaceChildren();
    document.body.append(scroller);
  });
}

it("gallery", async () => {
  const size = { width: 1280, height: 800 };
  const page = await open(browser, { query: `images=${IMAGES}`, ...size });
  await page.getByRole("listbox", { name: "Images" }).getByRole("option").first().waitFor();
  await page.getByRole("button", { name: /^person/ }).waitFor();
  // What is shown for the first time is compiled and decoded for the first time.
  await scroll(page, "#library-grid", 3_000);
  const before = await heapMegabytes(page);
  console.log(`gallery: ${IMAGES.toLocaleString("en-US")} images, ${size.width} x ${size.height}, ${SECONDS} s each`);
  const grids: Frames[] = [];
  for (const { name, pixelsASecond } of SPEEDS) {
    const frames = await scroll(page, "#library-grid", pixelsASecond);
    grids.push(frames);
    print(`grid, ${name}, ${pixelsASecond} px/s`, frames);
  }
  const after = await heapMegabytes(page);
  await empty(page);
  for (const [place, { name, pixelsASecond }] of SPEEDS.entries()) {
    const frames = await scroll(page, "#empty-grid", pixelsASecond);
    print(`empty grid, ${name}, ${pixelsASecond} px/s`, frames);
    const grid = grids[place];
    if (grid) printShare(`grid of the empty grid, ${name}`, grid, frames);
  }
  console.log(`  JS heap ${before.toFixed(1)} MB before, ${after.toFixed(1)} MB after`);
  await page.context().close();
});
