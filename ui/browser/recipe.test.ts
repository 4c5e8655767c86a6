/** The recipe editor. */
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

import type { ExamplePhoto, SavedRecipe } from "../src/api/bindings";
import { call, choose, expectAccessible, expectNothingCut, launch, open, screenshot } from "./browser";

let browser: Browser;
let page: Page;
beforeAll(async () => {
  browser = await launch();
});
afterEach(() => page.context().close());
afterAll(() => browser.close());

async function openPlan(
  query = "priced&key",
  size: { width?: number; height?: number; theme?: "dark" | "light" } = {},
) {
  page = await open(browser, { query, ...size });
  await page.keyboard.press("Control+2");
  await page.getByRole("heading", { name: /^Quote for/ }).waitFor();
}

/** Presses keys until an element with this role and name has the focus. */
async function tabTo(role: "button" | "textbox" | "combobox" | "checkbox", name: string | RegExp): Promise<void> {
  const target = page.getByRole(role, { name }).first();
  for (let press = 0; press < 120; press += 1) {
    if (await target.evaluate((element) => element === document.activeElement).catch(() => false)) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`Tab does not lead to ${String(name)}`);
}

const label = (name: string) => page.getByRole("button", { name: new RegExp(`^Edit label ${name}`) });

describe("a recipe", () => {
  it("with three labels and two attributes is written by keyboard alone", async () => {
    await openPlan();
    await page.keyboard.press("Control+k");
    await page.keyboard.type("new recipe");
    await page.getByRole("option", { name: "New recipe", selected: true }).waitFor();
    await page.keyboard.press("Enter");
    await tabTo("textbox", "Name");
    await page.keyboard.type("Workshop");
    await tabTo("button", "Add label");
    for (const [name, definition] of [
      ["hammer", "With its handle"],
      ["saw", "Hand saws only"],
      ["vise", ""],
    ] as const) {
      await page.keyboard.press("Enter");
      await page.keyboard.type(name);
      await page.keyboard.press("Tab");
      await tabTo("textbox", "Definition");
      await page.keyboard.type(definition);
      await page.keyboard.press("Enter");
      await label(name).waitFor();
    }
    await tabTo("button", "Add attribute");
    await page.keyboard.press("Enter");
    await page.keyboard.type("worn");
    await tabTo("combobox", "Kind");
    await page.keyboard.type("Yes");
    await page.keyboard.press("Enter");
    await tabTo("button", "Done");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Enter");
    await page.keyboard.type("size");
    await tabTo("combobox", "Kind");
    await page.keyboard.type("One");
    await page.keyboard.press("Enter");
    await tabTo("textbox", "Options");
    await page.keyboard.type("small, large");
    await tabTo("checkbox", "Required");
    await page.keyboard.press("Space");
    await tabTo("button", "Done");
    await page.keyboard.press("Enter");
    await page.getByLabel("Prompt", { exact: true }).getByText("Hand saws only").waitFor();
    await screenshot(page, "recipe-written-dark-1280");
    await page.keyboard.press("Control+s");
    await page.getByText("Workshop saved as version 1").waitFor();

    const recipes = await call<SavedRecipe[]>(page, "recipes");
    const { recipe } = recipes.find(({ recipe: { name } }) => name === "Workshop") ?? {};
    expect(recipe?.labels.map(({ name, definition }) => [name, definition ?? ""])).toEqual([
      ["hammer", "With its handle"],
      ["saw", "Hand saws only"],
      ["vise", ""],
    ]);
    expect(recipe?.attributes).toMatchObject([
      { name: "worn", kind: { kind: "yes_no" }, is_required: false },
      { name: "size", kind: { kind: "choice", options: ["small", "large"] }, is_required: true },
    ]);
    await page.keyboard.press("Escape");
    await page.getByRole("heading", { name: /^Quote for/ }).waitFor();
    const chosen = page.getByRole("combobox", { name: "Recipe", exact: true });
    await expect.poll(() => chosen.innerText()).toBe("Workshop");
  });

  it("says what is wrong where it is wrong, and cannot be saved so", async () => {
    await openPlan();
    await page.keyboard.press("Control+e");
    await page.getByRole("button", { name: "Save a copy" }).waitFor();
    await page.getByRole("button", { name: "Add label" }).click();
    await page.getByText("A name is missing").waitFor();
    await page.keyboard.type("person");
    await page.getByText("Duplicate name: “person”").waitFor();
    expect(await page.getByRole("button", { name: "Save a copy" }).isDisabled()).toBe(true);
    await page.keyboard.press("Enter");
    await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
    await page.keyboard.press("Control+z");
    await page.keyboard.press("Control+z");
    await page.getByText("Changed", { exact: true }).first().waitFor({ state: "hidden" });
  });

  it("keeps unsaved changes over a reload", async () => {
    await openPlan();
    await page.keyboard.press("Control+e");
    const instructions = page.getByRole("textbox", { name: "Instructions" });
    await instructions.fill("Only in daylight.");
    await page.getByText("Changed", { exact: true }).first().waitFor();
    await page.reload();
    await page.getByRole("navigation", { name: "Screens" }).waitFor();
    await page.keyboard.press("Control+2");
    await page.getByRole("heading", { name: /^Quote for/ }).waitFor();
    await page.keyboard.press("Control+e");
    await expect.poll(() => instructions.inputValue()).toBe("Only in daylight.");
    await page.getByRole("button", { name: "Discard changes" }).click();
    await page.getByText("Changed", { exact: true }).first().waitFor({ state: "hidden" });
  });

  it("is tried on one photo: saved, and planned with its cost", async () => {
    await openPlan();
    await page.keyboard.press("Control+e");
    await page.getByRole("button", { name: "Try on one photo" }).click();
    await page.getByRole("heading", { name: "Quote for 1 image" }).waitFor();
  });

  it("is deleted, and comes back by Ctrl+Z", async () => {
    await openPlan();
    await page.getByRole("textbox", { name: "Find these objects" }).fill("bicycle bell, zebra finch");
    await page.keyboard.press("Enter");
    const recipe = page.getByRole("combobox", { name: "Recipe", exact: true });
    await expect.poll(() => recipe.innerText()).toBe("bicycle bell, zebra finch");
    await page.keyboard.press("Control+e");
    await page.getByRole("button", { name: "Delete recipe" }).click();
    await page.getByRole("status").getByText("Recipe deleted: bicycle bell, zebra finch").waitFor();
    await page.keyboard.press("Control+z");
    await page.getByText("Recipe restored: bicycle bell, zebra finch").waitFor();
    await label("bicycle bell").waitFor();
  });
});

describe.each([
  ["dark", 1024, 700],
  ["light", 1440, 900],
] as const)("in the %s theme at %i x %i", (theme, width, height) => {
  it("the editor fits and is accessible", async () => {
    await openPlan("priced&key", { theme, width, height });
    await choose(page.getByRole("combobox", { name: "Recipe", exact: true }), "Bird vocabulary, Spanish and English");
    await page.keyboard.press("Control+e");
    await page.getByRole("button", { name: /^Edit attribute difficulty/ }).click();
    await page
      .getByRole("button", { name: /^Edit label/ })
      .first()
      .click();
    await choose(page.getByRole("combobox", { name: "Model" }), "Claude Haiku 5.5");
    await page.getByLabel("Prompt", { exact: true }).waitFor();
    await page.getByRole("textbox", { name: "Name" }).first().fill("Birds of the harbor");
    await page.getByRole("button", { name: "Discard changes" }).waitFor();
    await screenshot(page, `recipe-${theme}-${width}`);
    const name = await page.getByRole("textbox", { name: "Name" }).first().boundingBox();
    expect(name?.width).toBeGreaterThan(120);
    await expectNothingCut(page);
    await expectAccessible(page);
  });
});

describe.each([
  ["dark", 1024, 700],
  ["light", 1440, 900],
] as const)("requests, in the %s theme at %i x %i", (theme, width, height) => {
  it("are chosen, shown word by word, and priced", async () => {
    await openPlan("priced&key", { theme, width, height });
    await page.keyboard.press("Control+k");
    await page.keyboard.type("new recipe");
    await page.getByRole("option", { name: "New recipe", selected: true }).waitFor();
    await page.keyboard.press("Enter");
    await page.getByRole("textbox", { name: "Name" }).fill("Small birds");
    await page.getByRole("button", { name: "Paste" }).click();
    await page.getByRole("dialog").getByRole("textbox").fill("bird\nperson");
    await page.getByRole("button", { name: "Add labels" }).click();
    await choose(page.getByRole("combobox", { name: "Model" }), "Claude Haiku 5.5");
    await page.getByRole("checkbox", { name: /^Small objects/ }).check();
    await page.getByText("16 requests for a photo of 6000 × 4000").waitFor();
    await page.getByLabel("Overlap").fill("10");
    await page.getByLabel("Overlap").press("Tab");
    await page.getByRole("checkbox", { name: /^Check in a second request/ }).check();
    await page.getByText("32 requests for a photo of 6000 × 4000").waitFor();
    const tile = await page.getByLabel("Beside each tile").innerText();
    expect(tile).toMatch(/^It shows a part of a larger photograph/);
    const second = await page.getByLabel("Second request", { exact: true }).innerText();
    expect(second).toContain('{"marks":[{"label":"bird","x1":');
    await page.getByText("Not in batches").first().waitFor();
    await page.getByRole("checkbox", { name: /^Small objects/ }).scrollIntoViewIfNeeded();
    await screenshot(page, `recipe-requests-${theme}-${width}`);
    await expectNothingCut(page);
    await expectAccessible(page);
    await page.keyboard.press("Control+s");
    await page.getByText("Small birds saved as version 1").waitFor();
    const saved = (await call<SavedRecipe[]>(page, "recipes", {})).find(
      ({ recipe: { name } }) => name === "Small birds",
    );
    expect(saved?.recipe).toMatchObject({ tiles: { edge: 1600, overlap: 10, at_most: 16 }, check: true });
    await page.getByRole("button", { name: "Back to the plan" }).click();
    await page.getByText(/requests: 2(\.0)? per image, at most 2$/).waitFor();
    await screenshot(page, `plan-requests-${theme}-${width}`);
    await expectNothingCut(page);
  });
});

describe("examples", () => {
  it("are selected photos with what people approved, and are shown to the model", async () => {
    page = await open(browser, { query: "priced&key" });
    await page.getByRole("listbox", { name: "Images" }).getByRole("option").nth(2).click();
    await page.keyboard.press("Control+2");
    await page.getByRole("heading", { name: /^Quote for/ }).waitFor();
    await page.keyboard.press("Control+k");
    await page.keyboard.type("new recipe");
    await page.getByRole("option", { name: "New recipe", selected: true }).waitFor();
    await page.keyboard.press("Enter");
    await page.getByRole("textbox", { name: "Name" }).fill("Shown");
    await page.getByRole("button", { name: "Paste" }).click();
    await page.getByRole("dialog").getByRole("textbox").fill("bird\nbeak\nperson");
    await page.getByRole("button", { name: "Add labels" }).click();
    await page.getByRole("button", { name: "Add selected photo" }).click();
    const example = page.getByRole("listitem").filter({ has: page.getByRole("button", { name: /^Remove example/ }) });
    await example.getByRole("img").waitFor();
    await page.getByText(/^1 example: about .* tokens with every photo$/).waitFor();
    await screenshot(page, "recipe-examples-dark-1280");
    await page.getByRole("button", { name: "Add selected photo" }).click();
    await page.getByText("1 photo is an example already").waitFor();
    await page.keyboard.press("Control+s");
    await page.getByText("Shown saved as version 1").waitFor();
    const saved = (await call<SavedRecipe[]>(page, "recipes", {})).find(({ recipe }) => recipe.name === "Shown");
    expect(saved?.recipe.examples?.[0]?.hash).toMatch(/^[0-9a-f]{64}$/);
    // A browser's recipe names no other file of the server.
    const recipe = { ...saved?.recipe, examples: [{ path: "/etc/hostname", annotations: [] }] };
    const [photo] = await call<ExamplePhoto[]>(page, "recipe_example_photos", { recipe });
    expect(photo?.problem).toMatch(/in no folder that may be used here$/);
    await page.getByRole("button", { name: /^Remove example/ }).click();
    expect(await example.count()).toBe(0);
  });
});
