/**
 * The editor: from the key to the annotations that are drawn, panning and zooming over 1,000 annotations beside the same photo with
 * none, and what stays in memory after many images.
 */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, it } from "vitest";

import { launch, open } from "../browser";
import { type Frames, framesOf, heapMegabytes, print, printShare } from "./figures";

const SIZE = { width: 1280, height: 800 };
const OPENED = 30;
const SECONDS = 6;
const ANNOTATIONS = 1_000;
const MANY_IMAGES = 1_000;
const FEW_IMAGES = 50;

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

async function openReview(query: string): Promise<Page> {
  const page = await open(browser, { query, ...SIZE });
  await page.getByRole("navigation", { name: "Screens" }).getByRole("button", { name: "Review" }).click();
  await page.getByRole("heading", { name: "Annotations" }).waitFor();
  await page.waitForFunction(() => {
    const canvas = document.querySelector("canvas");
    return canvas?.getContext("2d")?.getImageData(canvas.width / 2, canvas.height / 2, 1, 1).data[3] === 255;
  });
  return page;
}

/** Goes to the next image; milliseconds until its photo is drawn with its annotations. */
function openNext(page: Page): Promise<number> {
  return page.evaluate(
    () =>
      new Promise<number>((done) => {
        const [photo, annotations] = [...document.querySelectorAll("canvas")];
        const context = annotations?.getContext("2d");
        if (!photo || !context) throw new Error("no canvas");
        const before = document.querySelector("h1")?.textContent;
        // What is drawn after the title has changed is drawn of the next image.
        let strokes = 0;
        const stroke = context.strokeRect.bind(context);
        context.strokeRect = (...box) => {
          if (document.querySelector("h1")?.textContent !== before) strokes += 1;
          stroke(...box);
        };
        const began = performance.now();
        window.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
        const look = () => {
          const isPhotoThere =
            photo.getContext("2d")?.getImageData(photo.width / 2, photo.height / 2, 1, 1).data[3] === 255;
          const mustWait = document.querySelectorAll("button.choose").length > 0 && strokes === 0;
          if (!isPhotoThere || mustWait) return void requestAnimationFrame(look);
          context.strokeRect = stroke;
          done(performance.now() - began);
        };
        requestAnimationFrame(look);
      }),
  );
}

/** Pans in circles and zooms in and out, as a hand would, and looks at the time between frames. */
async function wander(page: Page): Promise<Frames> {
  const between = await page.evaluate(
    (seconds) =>
      new Promise<number[]>((done) => {
        const canvas = document.querySelector("canvas[role=img]") as HTMLCanvasElement;
        const { left, top, width, height } = canvas.getBoundingClientRect();
        const middle = { clientX: left + width / 2, clientY: top + height / 2 };
        const pointer = (type: string, x: number, y: number) =>
          canvas.dispatchEvent(
            new PointerEvent(type, { clientX: x, clientY: y, button: type === "pointermove" ? -1 : 1, bubbles: true }),
          );
        canvas.setPointerCapture = () => undefined;
        const between: number[] = [];
        let [begun, before] = [0, 0];
        pointer("pointerdown", middle.clientX, middle.clientY);
        const step = (now: number) => {
          if (begun === 0) begun = now;
          else between.push(now - before);
          before = now;
          const turn = (now - begun) / 600;
          pointer("pointermove", middle.clientX + Math.cos(turn) * 120, middle.clientY + Math.sin(turn) * 90);
          canvas.dispatchEvent(new WheelEvent("wheel", { ...middle, deltaY: Math.sin(turn / 2) * 30, bubbles: true }));
          if (now - begun < seconds * 1000) return void requestAnimationFrame(step);
          pointer("pointerup", middle.clientX, middle.clientY);
          done(between);
        };
        requestAnimationFrame(step);
      }),
    SECONDS,
  );
  return framesOf(between);
}

it("editor", async () => {
  console.log(`editor: ${SIZE.width} x ${SIZE.height}`);
  const page = await openReview(`images=${MANY_IMAGES}`);
  // What is shown for the first time is compiled for the first time.
  for (let warm = 0; warm < 5; warm += 1) await openNext(page);
  const took: number[] = [];
  for (let image = 0; image < OPENED; image += 1) took.push(await openNext(page));
  took.sort((one, other) => one - other);
  const [median, longest] = [took[OPENED / 2] ?? 0, took.at(-1) ?? 0];
  console.log(
    `  ${"from the key to the annotations".padEnd(34)} median ${median.toFixed(0)} ms, longest ${longest.toFixed(0)} ms of ${OPENED} images`,
  );
  for (let image = 5 + OPENED; image < FEW_IMAGES; image += 1) await openNext(page);
  const few = await heapMegabytes(page);
  for (let image = FEW_IMAGES; image < MANY_IMAGES - 1; image += 1) await openNext(page);
  const many = await heapMegabytes(page);
  console.log(
    `  ${"JS heap".padEnd(34)} ${few.toFixed(1)} MB after ${FEW_IMAGES} images, ${many.toFixed(1)} MB after ${MANY_IMAGES - 1}`,
  );
  await page.context().close();

  const crowded = await openReview(`images=6&annotations=${ANNOTATIONS}`);
  const hidden = crowded.getByRole("button", { name: "Hide annotations" });
  const measured: Frames[] = [];
  for (const areHidden of [true, false]) {
    if ((await hidden.getAttribute("aria-pressed")) !== String(areHidden)) await hidden.click();
    await crowded.keyboard.press("f");
    await wander(crowded);
    await crowded.keyboard.press("f");
    const frames = await wander(crowded);
    measured.push(frames);
    print(areHidden ? "no annotations, panned and zoomed" : `${ANNOTATIONS} annotations, panned and zoomed`, frames);
  }
  const [without, withAnnotations] = measured;
  if (without && withAnnotations) printShare("with annotations, of without", withAnnotations, without);
  await crowded.context().close();
});
