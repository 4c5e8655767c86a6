/** The content security policies: the one that `fieldmark serve` sends, and the app's own. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";

import { launch, open } from "./browser";

const UI = fileURLToPath(new URL("..", import.meta.url));
const HEADER = "content-security-policy";

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

/** The policy of the app's configuration. */
async function policyOfApp(): Promise<string> {
  const configuration = JSON.parse(await readFile(join(UI, "../tauri.conf.json"), "utf8")) as {
    app: { security: { csp: Record<string, string> } };
  };
  return Object.entries(configuration.app.security.csp)
    .map(([directive, sources]) => `${directive} ${sources}`)
    .join("; ");
}

/** Has the server's document come under another policy. */
async function setPolicy(page: Page, policy: string): Promise<void> {
  await page.route(page.url(), async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, headers: { ...response.headers(), [HEADER]: policy } });
  });
}

it.each(["server", "app"])("the window keeps to the policy of the %s on every screen", async (whose) => {
  const page = await open(browser, { query: "priced" });
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (message.text().includes("Content Security Policy")) complaints.push(message.text());
  });
  const ofApp = await policyOfApp();
  if (whose === "app") await setPolicy(page, ofApp);
  const policy = (await page.reload())?.headers()[HEADER] ?? "";
  expect(policy === ofApp).toBe(whose === "app");
  for (const directive of ["default-src 'self'", "script-src 'self'", "style-src 'self'", "object-src 'none'"])
    expect(policy.split(/; */)).toContain(directive);
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
  await page.context().close();
});
