import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";

import { choose, hostOf, launch, open, screenshot, showSettingsPage } from "./browser";

let browser: Browser;
let page: Page;
beforeAll(async () => {
  browser = await launch();
});
afterEach(() => page.context().close());
afterAll(() => browser.close());

it("says what the model will not do before the run", async () => {
  page = await open(browser);
  await page.keyboard.press("Control+2");
  await choose(page.getByRole("combobox", { name: "Recipe" }), "Bird vocabulary, Spanish and English");
  await page.getByText("The built-in detector does not know: beak, eye").waitFor();
  await page.getByRole("table").getByText("5 required attributes cannot be filled by this model").waitFor();
  expect(await page.getByRole("button", { name: "Annotate 60 images, $0" }).isDisabled()).toBe(true);
});

it("does not start what could find nothing, and says why", async () => {
  page = await open(browser);
  await page.keyboard.press("Control+2");
  await page.getByRole("textbox", { name: "Find these objects" }).fill("bicycle bell, zebra finch");
  await page.keyboard.press("Enter");
  await page.getByText("The built-in detector knows none of these labels").first().waitFor();
  expect(await page.getByRole("button", { name: "Annotate 60 images" }).isDisabled()).toBe(true);
  await screenshot(page, "plan-blocked-dark-1280");
  await choose(page.getByRole("combobox", { name: "Recipe", exact: true }), "Everyday objects");
  await page.getByRole("button", { name: "Annotate 60 images, $0", disabled: false }).waitFor();
});

it("remembers the recipe that was chosen last", async () => {
  page = await open(browser);
  const recipe = () => page.getByRole("combobox", { name: "Recipe" });
  const chosen = () => recipe().innerText();
  await page.keyboard.press("Control+2");
  await choose(recipe(), "Bird vocabulary, Spanish and English");
  await page.reload();
  await recipe().waitFor();
  await expect.poll(chosen).toBe("Bird vocabulary, Spanish and English");
});

it("remembers the model and the budget", async () => {
  page = await open(browser, { query: "priced&key" });
  await page.keyboard.press("Control+2");
  const model = () => page.getByRole("radio", { name: "Claude Haiku 5.5" });
  await model().check({ force: true });
  const budget = page.getByRole("textbox", { name: "Budget cap" });
  await budget.fill("12.50");
  await page.keyboard.press("Tab");
  await page.reload();
  await page.getByRole("button", { name: /^Annotate 60 images/ }).waitFor();
  await expect.poll(() => model().isChecked()).toBe(true);
  expect(await budget.inputValue()).toBe("$12.50");
});

it("changes its images here, and keeps a selection through a click on the way", async () => {
  page = await open(browser);
  const images = () => page.getByRole("combobox", { name: "Images", exact: true });
  const cells = page.getByRole("listbox", { name: "Images" }).getByRole("option");
  await cells.nth(0).click();
  await cells.nth(2).click({ modifiers: ["Shift"] });
  await page.keyboard.press("Control+2");
  await page.getByRole("heading", { name: "Quote for 3 images" }).waitFor();
  await screenshot(page, "plan-scope-dark-1280");
  await page.keyboard.press("Control+1");
  await cells.nth(5).click();
  await page.keyboard.press("Control+2");
  await page.getByRole("heading", { name: "Quote for 3 images" }).waitFor();
  expect(await images().innerText()).toBe("Chosen for this plan (3)");
  await choose(images(), "Selected in the library (1)");
  await page.getByRole("heading", { name: "Quote for 1 image" }).waitFor();
  await choose(images(), "Harbour weekend (9)");
  await page.getByRole("heading", { name: /^Quote for 9 images/ }).waitFor();
  await choose(images(), "All images (60)");
  await page.getByRole("heading", { name: "Quote for 60 images" }).waitFor();
});

it("starts by the keyboard and shows the run", async () => {
  page = await open(browser);
  await page.keyboard.press("Control+2");
  await page.getByRole("button", { name: "Annotate 60 images, $0", disabled: false }).waitFor();
  await page.keyboard.press("Control+Enter");
  await page.getByRole("button", { name: /^Run/ }).and(page.locator("[aria-current=page]")).waitFor();
});

it("chooses a model by the arrow keys", async () => {
  page = await open(browser, { query: "priced" });
  await page.keyboard.press("Control+2");
  await page.getByRole("radio", { name: "Built-in detector" }).focus();
  await page.keyboard.press("ArrowDown");
  await page.getByRole("button", { name: /^Annotate 60 images, about \$0\.\d+$/ }).waitFor();
  await page.getByText(`60 JPEGs, 640 px at most, to ${hostOf(page)}`).waitFor();
  await page.keyboard.press("ArrowUp");
  await page.getByRole("button", { name: "Annotate 60 images, $0" }).waitFor();
});

it("leads to the library when there is nothing to annotate", async () => {
  page = await open(browser, { query: "images=0" });
  await page.keyboard.press("Control+2");
  await page.getByRole("button", { name: "Go to the library" }).click();
  await page.getByRole("heading", { name: "Drop photos or folders here" }).waitFor();
});

it("keeps the theme that was chosen in the settings", async () => {
  page = await open(browser);
  await page.getByRole("button", { name: "Settings" }).click();
  await showSettingsPage(page, "Appearance");
  await page.getByText("Light", { exact: true }).click();
  await page.locator('html[data-theme="light"]').waitFor();
  await page.keyboard.press("Control+1");
  await page.locator('html[data-theme="light"]').waitFor();
});

it("says the same upper bound in the table, beside the price and in the dialog", async () => {
  page = await open(browser, { query: "priced&key" });
  await page.keyboard.press("Control+2");
  const model = page.getByRole("radio", { name: "Claude Haiku 5.5" });
  await model.check({ force: true });
  const row = page.getByRole("row").filter({ has: model });
  const panel = page.locator(".priced .count");
  const amount = (text: string) => text.match(/\$\d+(?:[.,]\d+)*/g)?.at(-1);
  const asked = page.getByRole("dialog");
  const highs: (string | undefined)[] = [];
  for (const mode of ["Live", "Batch"]) {
    await page.getByRole("radio", { name: new RegExp(`^${mode}`) }).check({ force: true });
    await page.getByRole("button", { name: /^Annotate 60 images/ }).waitFor();
    const high = amount(await row.getByRole("cell").nth(4).innerText());
    highs.push(high);
    await expect.poll(async () => amount(await panel.innerText())).toBe(high);
    await page.locator(".go .primary").click();
    expect(amount(await asked.getByText("Billed to").innerText())).toBe(high);
    await asked.getByRole("button", { name: "Not now" }).click();
  }
  expect(highs[0]).not.toBe(highs[1]);
});
