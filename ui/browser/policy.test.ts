import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";

import type { Browser } from "playwright-core";
import { build } from "vite";
import { afterAll, beforeAll, expect, it } from "vitest";

import { launch } from "./browser";

const UI = fileURLToPath(new URL("..", import.meta.url));
const TYPES: Record<string, string> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".jpg": "image/jpeg",
  ".woff2": "font/woff2",
};

let browser: Browser;
let folder: string;
beforeAll(async () => {
  browser = await launch();
  folder = await mkdtemp(join(tmpdir(), "fieldmark-window-"));
});
afterAll(async () => {
  await browser.close();
  await rm(folder, { recursive: true });
});

async function built(mode: string): Promise<string> {
  const outDir = join(folder, mode);
  await build({ root: UI, mode, logLevel: "error", build: { outDir, emptyOutDir: true } });
  return outDir;
}

/** Serves a folder as the app serves it: with the content security policy of its configuration. */
async function serve(root: string): Promise<Server> {
  const configuration = JSON.parse(await readFile(join(UI, "../tauri.conf.json"), "utf8")) as {
    app: { security: { csp: Record<string, string> } };
  };
  const policy = Object.entries(configuration.app.security.csp)
    .map(([directive, sources]) => `${directive} ${sources}`)
    .join("; ");
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    const file = path === "/" ? "/index.html" : path;
    readFile(join(root, file)).then(
      (bytes) =>
        response
          .writeHead(200, {
            "content-type": TYPES[extname(file)] ?? "application/octet-stream",
            "content-security-policy": policy,
          })
          .end(bytes),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return server;
}

it("keeps to the content security policy on every screen", async () => {
  const server = await serve(await built("memory"));
  try {
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on("console", (message) => {
      if (message.text().includes("Content Security Policy")) complaints.push(message.text());
    });
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/?priced`);
    await page.getByRole("option", { name: "dahlia_0005.jpg" }).waitFor();
    for (const screen of ["Plan", "Run", "Review", "History", "Settings", "Keyboard shortcuts"]) {
      await page.getByRole("button", { name: screen, exact: true }).first().click();
      // The library of charts sets positions and sizes itself.
      if (screen === "Run" || screen === "History") await page.getByRole("slider").first().hover();
      await page.evaluate(() => new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted))));
    }
    await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
    expect(complaints).toEqual([]);
    // That the policy is in force is seen from what it refuses.
    await page.evaluate(() => document.body.insertAdjacentHTML("beforeend", '<p style="color: red"></p>'));
    await expect.poll(() => complaints.length).toBe(1);
    await page.evaluate(() => {
      document.head.insertAdjacentHTML("beforeend", '<base href="https://elsewhere.example/">');
      document.body.insertAdjacentHTML("beforeend", '<form action="https://elsewhere.example/"></form>');
      document.querySelector<HTMLFormElement>("form[action^='https:']")?.submit();
    });
    await expect.poll(() => complaints.length).toBe(3);
    await page.close();
  } finally {
    server.close();
  }
});

it("leaves the core in memory out of the product", async () => {
  const assets = join(await built("production"), "assets");
  for (const file of await readdir(assets)) {
    expect(file).not.toMatch(/fake/);
    if (file.endsWith(".js")) expect(await readFile(join(assets, file), "utf8")).not.toContain("Street survey");
  }
});
