/** The info panel of an image. */
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";

import type { ImageInfo } from "../src/api/bindings";
import { expectAccessible, expectNothingCut, launch, open, type Opening, screenshot } from "./browser";

let browser: Browser;
let page: Page;
beforeAll(async () => {
  browser = await launch();
});
afterEach(() => page.context().close());
afterAll(() => browser.close());

const panel = () => page.getByRole("complementary", { name: "Info" });
const fact = (term: string) => panel().locator(`dt:text-is("${term}") + dd`);

/** The photos of a scene come from no camera and have one copy. */
async function withFacts(opening: Opening = {}): Promise<void> {
  page = await open(browser, opening);
  await page.route("**/api/call/image_info", async (route) => {
    const response = await route.fetch();
    const info = (await response.json()) as ImageInfo;
    const [file] = info.files;
    const camera = {
      make: "Canon",
      model: "EOS R5",
      lens: "RF 100-500mm F4.5-7.1",
      exposure_seconds: 1 / 1600,
      f_number: 7.1,
      iso: 800,
      focal_length_mm: 500,
    };
    const files = file ? [file, { ...file, path: "/media/card/DCIM/_DSC0001.jpg", is_current: false }] : [];
    await route.fulfill({ response, json: { ...info, camera, files } });
  });
  await page.route("**/api/call/image_position", (route) =>
    route.fulfill({ json: { latitude: 40.41678, longitude: -3.70379 } }),
  );
  await page.reload();
  await page.getByRole("listbox", { name: "Images" }).getByRole("option").first().waitFor();
}

it("tells what is known about an image, and follows the selection", async () => {
  page = await open(browser);
  await page.getByRole("option", { name: "lake_0001.jpg" }).click();
  await page.keyboard.press("i");
  await panel().getByRole("heading", { name: "lake_0001.jpg" }).waitFor();
  await expect.poll(() => fact("Size").innerText()).toMatch(/^\d+ × \d+, [\d.]+ [KM]B$/);
  expect(await fact("Hash").innerText()).toMatch(/^[0-9a-f]{16}…$/);
  await panel().getByText("lake_0001.jpg").nth(1).waitFor();
  await page.keyboard.press("ArrowRight");
  await panel().getByRole("heading", { name: "lake_0001.jpg" }).waitFor({ state: "detached" });
  await panel()
    .getByRole("button", { name: /^Run 2/ })
    .click();
  await page.getByRole("heading", { name: "Run 2" }).waitFor();
  // It is still shown after a restart.
  await page.keyboard.press("Control+1");
  await page.reload();
  await panel().waitFor();
  await page.getByRole("button", { name: "Close info" }).click();
  await panel().waitFor({ state: "detached" });
});

it("lists camera, exposure and all copies", async () => {
  await withFacts();
  await page.getByRole("option", { name: "lake_0001.jpg" }).click();
  await page.keyboard.press("i");
  await expect.poll(() => fact("Camera").innerText()).toBe("Canon EOS R5");
  expect(await fact("Exposure").innerText()).toBe("1/1600 s, f/7.1, ISO 800, 500 mm");
  await panel().getByText("Missing or changed").waitFor();
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.getByRole("button", { name: "Copy hash" }).click();
  await page.getByText("Hash copied").waitFor();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toMatch(/^[0-9a-f]{64}$/);
});

it("reads the place only on request", async () => {
  await withFacts();
  const asked: string[] = [];
  page.on("request", (request) => asked.push(request.url()));
  await page.getByRole("option", { name: "lake_0001.jpg" }).click();
  await page.keyboard.press("i");
  await fact("Camera").waitFor();
  expect(asked.filter((url) => url.includes("image_position"))).toEqual([]);
  await page.getByRole("button", { name: "Show coordinates" }).click();
  await panel().getByText("40.41678° N, 3.70379° W").waitFor();
  const { origin } = new URL(page.url());
  expect(asked.filter((url) => !url.startsWith(origin))).toEqual([]);
});

it.each([
  ["dark", 1024, 700],
  ["light", 1440, 900],
] as const)("fits into library and review, %s %i", async (theme, width, height) => {
  await withFacts({ theme, width, height });
  await page.getByRole("option", { name: "lake_0001.jpg" }).click();
  await page.keyboard.press("i");
  await fact("Camera").waitFor();
  await screenshot(page, `info-library-${theme}-${width}`);
  await expectNothingCut(page);
  await expectAccessible(page);
  await page.keyboard.press("Control+4");
  await page.locator("ul.annotations li").first().waitFor();
  await fact("Camera").waitFor();
  await screenshot(page, `info-review-${theme}-${width}`);
  await expectNothingCut(page);
});
