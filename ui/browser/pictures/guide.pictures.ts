/** The pictures of the guide, docs/pictures/NAME.webp: the window on the real core, with the photos of a scene. */
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, it } from "vitest";

import { words } from "../../src/messages";
import { disturb, launch, open, painted } from "../browser";
import { CLAUDE, dialog, library, plan, settingsAt, start, type Look } from "../looks/steps";
import { LOOKS } from "../scenes";

const FOLDER = fileURLToPath(new URL("../../../docs/pictures/", import.meta.url));
const SIZE = { width: 1280, height: 800 };
/** Text stays sharp, and a picture has 40 to 120 kB. */
const QUALITY = 82;

/** A picture is of a look of the tests, or of one of its own. */
const PICTURES: readonly (Look | string)[] = [
  "welcome",
  "library",
  "library-filtered",
  "plan",
  "plan-agree",
  "recipe-label",
  {
    name: "run",
    query: "priced&key&endpoints&images=240&still",
    show: async (page) => {
      await start(page, CLAUDE);
      // Until the server answers no more, and what is in flight stays.
      await page.waitForFunction(() => /(4[5-9]|5\d) %/.test(document.querySelector("nav")?.textContent ?? ""));
      await page.waitForTimeout(1000);
    },
  },
  "run-stopped",
  "review",
  "review-selected",
  "audit-threshold",
  "compare",
  "evaluate-several",
  "spend",
  "settings",
  {
    name: "export",
    query: "images=240",
    show: async (page) => {
      await library(page);
      await page.keyboard.press("Control+Shift+E");
      await dialog(page).getByRole("radio", { name: /^YOLO/ }).check({ force: true });
      await dialog(page).getByText("data.yaml", { exact: true }).waitFor();
    },
  },
  {
    name: "plan-savings",
    query: "priced&key&similar&images=240",
    show: async (page) => {
      await plan(page);
      const list = page.getByRole("heading", { name: words.plan.savings.title });
      await list.waitFor();
      await list.evaluate((heading) => heading.scrollIntoView({ block: "start" }));
    },
  },
  {
    name: "local-server",
    query: "local",
    show: async (page) => {
      await page.keyboard.press("Control+2");
      await page.getByRole("radio").nth(1).waitFor();
    },
  },
  {
    name: "database",
    show: async (page) => {
      await settingsAt(() => words.database.title)(page);
      await page.getByLabel(words.database.connection).waitFor();
    },
  },
];

function lookOf(picture: Look | string): Look {
  const look = typeof picture === "string" ? LOOKS.find(({ name }) => name === picture) : picture;
  if (!look) throw new Error(`there is no look ${String(picture)}`);
  return look;
}

let browser: Browser;
beforeAll(async () => {
  mkdirSync(FOLDER, { recursive: true });
  browser = await launch();
});
afterAll(() => browser.close());

async function save(page: Page, name: string): Promise<void> {
  await page.waitForFunction(() => [...document.images].every((image) => image.complete));
  await painted(page);
  const session = await page.context().newCDPSession(page);
  const { data } = await session.send("Page.captureScreenshot", { format: "webp", quality: QUALITY });
  writeFileSync(`${FOLDER}${name}.webp`, data, "base64");
}

it.each(PICTURES.map(lookOf).map((look) => [look.name, look] as const))("%s", async (name, look) => {
  const page = await open(browser, { ...SIZE, ...(look.query === undefined ? {} : { query: look.query }) });
  try {
    await disturb(page, look);
    await look.prepare?.(page);
    await look.show(page);
    await save(page, name);
  } finally {
    await page.context().close();
  }
});
