/** The window in a browser, as `fieldmark serve` shows it. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";

import { openScene } from "../test/core";
import { program } from "../test/programs";
import { expectAccessible, launch, open, sceneOf, screenshot, showSettingsPage } from "./browser";

const SAMPLES = resolve(import.meta.dirname, "../../samples");

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

/** Starts `fieldmark serve` until the test has ended, with these variables; returns the link that it prints. */
async function serve(
  options: string[],
  variables: NodeJS.ProcessEnv = {},
): Promise<{ link: string; end(): Promise<void> }> {
  const home = mkdtempSync(join(tmpdir(), "fieldmark-serve-"));
  const env = { PATH: process.env.PATH, HOME: home, XDG_CONFIG_HOME: home, XDG_DATA_HOME: home, ...variables };
  const server = spawn(program("fieldmark"), ["serve", ...options], {
    cwd: home,
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise<void>((end) => server.once("exit", () => end()));
  const end = async () => {
    server.kill("SIGKILL");
    await ended;
    rmSync(home, { recursive: true, force: true });
  };
  onTestFinished(end);
  const line = await new Promise<string>((found, failed) => {
    createInterface(server.stdout).once("line", found);
    server.once("exit", () => failed(new Error("fieldmark serve has ended")));
  });
  return { link: line.replace("Fieldmark at ", ""), end };
}

async function openLink(link: string, theme: "dark" | "light" = "dark", size = [1280, 800]): Promise<Page> {
  const [width = 0, height = 0] = size;
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: theme,
    reducedMotion: "reduce",
  });
  const page = await context.newPage();
  await page.goto(link);
  await page.getByRole("navigation", { name: "Screens" }).waitFor();
  return page;
}

/** Drops photos of the samples on the window. */
async function drop(page: Page, names: string[]): Promise<void> {
  const files = names.map((name) => ({ name, data: readFileSync(join(SAMPLES, name)).toString("base64") }));
  const transfer = await page.evaluateHandle((dropped) => {
    const made = new DataTransfer();
    for (const { name, data } of dropped) {
      const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
      made.items.add(new File([bytes], name, { type: "image/jpeg" }));
    }
    return made;
  }, files);
  await page.dispatchEvent("body", "dragover", { dataTransfer: transfer });
  await page.getByText("Drop to add").waitFor();
  await page.dispatchEvent("body", "drop", { dataTransfer: transfer });
  await page.getByText("Drop to add").waitFor({ state: "hidden" });
}

it("adds what is dropped", async () => {
  const page = await open(browser, { query: "images=0" });
  await page.getByRole("heading", { name: "Drop photos or folders here" }).waitFor();
  await screenshot(page, "serve-welcome");
  await expectAccessible(page);
  await drop(page, ["coffee.jpg", "chelsea.jpg"]);
  await page.getByText("2 images added").waitFor();
  await page.context().close();
});

it("calls the machine of the photos the server", async () => {
  const page = await open(browser, { query: "images=12&priced&key" });
  await page.keyboard.press("Control+2");
  await page.getByRole("radio", { name: "Built-in detector" }).check({ force: true });
  await page.getByText("Nothing leaves the server").waitFor();
  const shown = [await page.locator("body").innerText()];
  await page.keyboard.press("Control+,");
  for (const title of ["Privacy", "Import", "Library and storage", "About", "Keyboard"]) {
    await showSettingsPage(page, title);
    await page.getByRole("heading", { name: title, exact: true }).waitFor();
    shown.push(await page.locator("body").innerText());
  }
  expect(shown.filter((text) => /this (machine|computer)/.test(text))).toEqual([]);
  await page.context().close();
});

it("lists the folders of the server below its roots, and says what to do without any", async () => {
  const page = await open(browser, { query: "images=0" });
  await page.getByRole("button", { name: "Add folder…" }).click();
  await page.getByText("This server offers no folders.").waitFor();
  await screenshot(page, "serve-no-folders");
  await expectAccessible(page);
  const server = await serve([
    "--db",
    join(mkdtempSync(join(tmpdir(), "fieldmark-roots-")), "l.sqlite"),
    "--create",
    "--port",
    "0",
    "--root",
    SAMPLES,
  ]);
  const other = await openLink(server.link);
  await other.getByRole("button", { name: "Add folder…" }).click();
  await other.getByText("photos directly in this folder").waitFor();
  await screenshot(other, "serve-folders");
  await expectAccessible(other);
  await other.getByRole("button", { name: "Add this folder" }).click();
  await other.getByText(/images added/).waitFor();
  await other.context().close();
  await server.end();
  await page.context().close();
});

it("shows a change of one window in another", async () => {
  const page = await open(browser, { query: "images=12" });
  const { origin } = new URL(page.url());
  const other = await page.context().newPage();
  await other.goto(origin);
  await other.getByText("12 images").first().waitFor();
  const before = await other.locator(".statusbar").innerText();
  await page.keyboard.press("Control+4");
  await page
    .locator(".review")
    .getByRole("button", { name: /^Accept/ })
    .first()
    .waitFor();
  await page.locator(".annotations").waitFor();
  await page.keyboard.press("a");
  await expect.poll(() => other.locator(".statusbar").innerText(), { timeout: 20_000 }).not.toBe(before);
  await page.context().close();
});

it.each([
  ["dark", [1024, 700]],
  ["light", [1440, 900]],
] as const)("changes nothing when it is read-only (%s)", async (theme, size) => {
  const page = await open(browser, { query: "images=12" });
  const { library } = sceneOf(page);
  const server = await serve(["--read-only", "--db", library, "--port", "0"]);
  const other = await openLink(server.link, theme, [...size]);
  await other.locator(".statusbar").getByText("Read-only").waitFor();
  await other.locator(".statusbar").getByText("12 images").waitFor();
  const status = await other.locator(".statusbar").innerText();
  await screenshot(other, `serve-read-only-library-${theme}`);
  expect(await other.getByRole("button", { name: "Add photos" }).count()).toBe(0);
  await other.getByRole("option", { name: "lake_0001.jpg" }).click({ button: "right" });
  await other.getByRole("menuitem", { name: "Copy path" }).waitFor();
  expect(await other.getByRole("menuitem", { name: /^Remove/ }).count()).toBe(0);
  // Closes the menu, then ends the selection.
  await other.keyboard.press("Escape");
  await other.getByRole("menuitem", { name: "Copy path" }).waitFor({ state: "detached" });
  await other.keyboard.press("Escape");
  await other.keyboard.press("Control+4");
  await other.locator(".review").waitFor();
  await other.keyboard.press("a");
  await other.keyboard.press("x");
  expect(
    await other
      .getByRole("button", { name: /^Accept/ })
      .first()
      .isDisabled(),
  ).toBe(true);
  await screenshot(other, `serve-read-only-review-${theme}`);
  await expectAccessible(other);
  await other.keyboard.press("Control+2");
  await other.getByText("no run can be started here").waitFor();
  await screenshot(other, `serve-read-only-plan-${theme}`);
  await other.keyboard.press("Control+,");
  await other.locator(".settings").waitFor();
  await screenshot(other, `serve-read-only-settings-${theme}`);
  expect(await other.locator(".statusbar").innerText()).toContain("Read-only");
  await other.keyboard.press("Control+1");
  await expect.poll(() => other.locator(".statusbar").innerText(), { timeout: 20_000 }).toBe(status);
  await other.context().close();
  await server.end();
  await page.context().close();
});

it("says that the server is gone, and that the session has ended, without notices", async () => {
  const folder = mkdtempSync(join(tmpdir(), "fieldmark-gone-"));
  const options = ["--db", join(folder, "l.sqlite"), "--create", "--port"];
  const server = await serve([...options, "0"]);
  const { port } = new URL(server.link);
  const page = await openLink(server.link, "dark", [1024, 700]);
  await page.getByRole("button", { name: "Choose files…" }).waitFor();
  await server.end();
  await page.getByText("Reconnecting…").waitFor();
  await page.getByRole("button", { name: "Try with the samples" }).click();
  expect(await page.locator(".toast").count()).toBe(0);
  await screenshot(page, "serve-lost");
  const again = await serve([...options, port]);
  await page.getByText("Signed out: open a new link").waitFor();
  await screenshot(page, "serve-signed-out");
  await expectAccessible(page);
  const other = await page.context().newPage();
  await other.goto(again.link);
  await page.getByText("Signed out: open a new link").waitFor({ state: "hidden" });
  expect(await page.locator(".toast").count()).toBe(0);
  await page.context().close();
  await again.end();
  rmSync(folder, { recursive: true });
});

it("shows the charts and pictures of a run again after the server was restarted", async () => {
  const scene = await openScene("key");
  onTestFinished(() => scene.close());
  const folder = mkdtempSync(join(tmpdir(), "fieldmark-restart-"));
  const options = ["--db", join(folder, "l.sqlite"), "--create", "--port", "0"];
  const variables = { ANTHROPIC_BASE_URL: scene.simulator[0], ANTHROPIC_API_KEY: "sk-planted" };
  const server = await serve(options, variables);
  const page = await openLink(server.link, "dark", [1440, 900]);
  await page.getByRole("button", { name: "Try with the samples" }).click();
  await page.getByText("6 images added").waitFor();
  await page.getByRole("button", { name: "Skip the tour" }).click();
  await page.keyboard.press("Control+2");
  await page.locator(".go .primary").click();
  await page.getByRole("dialog").locator(".primary").click();
  await page.getByText("Completed", { exact: true }).waitFor();
  const pictures = page.getByRole("group", { name: "Images in flight and just answered" }).locator("figure img");
  await expect.poll(() => pictures.count()).toBe(6);
  await screenshot(page, "serve-run-ended");
  await page.context().close();
  await server.end();

  const again = await serve(options, variables);
  const other = await openLink(again.link, "light", [1440, 900]);
  await other.keyboard.press("Control+5");
  await other.getByRole("region", { name: "Report of run 1" }).waitFor();
  await screenshot(other, "serve-history-restarted");
  await other.keyboard.press("Control+3");
  await other.getByText("Completed", { exact: true }).waitFor();
  await expect.poll(() => other.locator(".pictures figure img").count()).toBe(6);
  const cost = other.getByRole("slider", { name: /^Cost of up to/ });
  await cost.focus();
  for (const key of ["Home", "ArrowRight", "ArrowRight"]) await other.keyboard.press(key);
  await expect.poll(() => cost.getAttribute("aria-valuetext")).toMatch(/^2 images.*, Cost \$0\.00/);
  await screenshot(other, "serve-run-restarted");
  await other.context().close();
  await again.end();
  rmSync(folder, { recursive: true });
});
