/** The window in a browser, as `fieldmark serve` shows it. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";

import { expectAccessible, launch, open, screenshot } from "./browser";

const TARGET = process.env.CARGO_TARGET_DIR ?? resolve(import.meta.dirname, "../../target");
const SAMPLES = resolve(import.meta.dirname, "../../samples");

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

/** Starts `fieldmark serve`; returns its process and the link that it prints. */
async function serve(options: string[]): Promise<{ program: ChildProcess; link: string; end(): Promise<void> }> {
  const home = mkdtempSync(join(tmpdir(), "fieldmark-serve-"));
  const env = { PATH: process.env.PATH, HOME: home, XDG_CONFIG_HOME: home, XDG_DATA_HOME: home };
  const program = spawn(`${TARGET}/debug/fieldmark`, ["serve", ...options], {
    cwd: home,
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise<void>((end) => program.once("exit", () => end()));
  const line = await new Promise<string>((found, failed) => {
    createInterface(program.stdout).once("line", found);
    program.once("exit", () => failed(new Error("fieldmark serve has ended")));
  });
  return {
    program,
    link: line.replace("Fieldmark at ", ""),
    end: async () => {
      program.kill("SIGKILL");
      await ended;
      rmSync(home, { recursive: true });
    },
  };
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
