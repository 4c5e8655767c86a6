/** The library, the plan and the recipe editor. */
import { words } from "../../src/messages";
import {
  button,
  dialog,
  FOREVER,
  go,
  heading,
  layers,
  library,
  plan,
  recipe,
  review,
  typed,
  unchecked,
  type Look,
} from "./steps";

export const LIBRARY_LOOKS: readonly Look[] = [
  {
    name: "welcome",
    query: "images=0",
    show: (page) => heading(page, words.browser.dropTitle).waitFor(),
  },
  { name: "library", show: library },
  {
    name: "library-selected",
    show: async (page) => {
      await library(page);
      await page.getByRole("option", { name: "dahlia_0005.jpg" }).click();
      await page.keyboard.press("Shift+ArrowRight");
      await page.keyboard.press("Shift+ArrowRight");
    },
  },
  {
    name: "library-layers",
    query: "layers",
    show: async (page) => {
      await library(page);
      await layers(page);
    },
  },
  {
    name: "review-layers",
    query: "layers",
    show: async (page) => {
      await review(page);
      await layers(page);
    },
  },
  { name: "library-filtered", show: (page) => typed(page, "label:cup status:unreviewed") },
  {
    name: "library-nothing",
    show: async (page) => {
      await typed(page, "label:cup label:zebra");
      await heading(page, words.query.nothing.title).waitFor();
    },
  },
  {
    name: "library-repair",
    query: "mistakes&images=240",
    prepare: unchecked,
    show: async (page) => {
      await typed(page, "check:huge");
      await page.getByRole("group", { name: words.checks.names.huge }).getByRole("button").click();
      await dialog(page).waitFor();
    },
  },
  {
    name: "library-info",
    show: async (page) => {
      await library(page);
      await page.getByRole("option", { name: "lake_0001.jpg" }).click();
      await page.keyboard.press("i");
      await button(page, words.info.close).waitFor();
    },
  },
  {
    name: "library-large",
    show: async (page) => {
      await library(page);
      for (let presses = 0; presses < 12; presses += 1) await page.keyboard.press("+");
    },
  },
  {
    name: "library-menu",
    show: async (page) => {
      await library(page);
      await page.getByRole("option", { name: "lake_0001.jpg" }).click({ button: "right" });
      await page.getByRole("menu").waitFor();
    },
  },
  {
    name: "library-left-out",
    show: async (page) => {
      await library(page);
      await button(page, words.library.skippedFiles(3)).click();
      await dialog(page).waitFor();
    },
  },

  { name: "plan-without-key", query: "priced&images=2400", show: plan },
  { name: "plan", query: "priced&key&answered&similar&images=214", show: plan },
  {
    name: "plan-batch",
    query: "priced&key&endpoints&images=240",
    show: async (page) => {
      await plan(page);
      await page.getByRole("radio", { name: new RegExp(`^${words.plan.modes.batch}`) }).check({ force: true });
      await page.getByText(words.plan.concurrency.advanced, { exact: true }).click();
    },
  },
  {
    name: "plan-unsupported_capabilities",
    query: "priced",
    show: async (page) => {
      await plan(page);
      await recipe(page, "Bird vocabulary, Spanish and English");
      await page.getByText(words.plan.notKnown).first().waitFor();
    },
  },
  {
    name: "plan-capped",
    query: "priced&key&images=2400",
    changes: true,
    show: async (page) => {
      await plan(page);
      await page.getByRole("textbox", { name: words.plan.budget.title }).fill("0.60");
      await page.keyboard.press("Tab");
    },
  },
  {
    name: "plan-agree",
    query: "priced&key&images=240",
    show: async (page) => {
      await plan(page);
      await go(page).click();
      await dialog(page).waitFor();
    },
  },
  {
    name: "plan-hooks",
    query: "hooks",
    show: async (page) => {
      await plan(page);
      await go(page).click();
      await dialog(page).waitFor();
    },
  },

  {
    name: "recipe",
    query: "priced&key",
    show: async (page) => {
      await plan(page);
      await page.keyboard.press("Control+e");
      await page.getByRole("textbox", { name: words.recipe.instructions }).waitFor();
    },
  },
  {
    name: "recipe-label",
    query: "priced&key",
    show: async (page) => {
      await plan(page);
      await recipe(page, "Bird vocabulary, Spanish and English");
      await page.keyboard.press("Control+e");
      await button(page, words.recipe.editLabel).first().click();
      await page.getByRole("textbox", { name: words.recipe.definition }).waitFor();
    },
  },
  {
    name: "recipe-attribute",
    query: "priced&key",
    show: async (page) => {
      await plan(page);
      await recipe(page, "Bird vocabulary, Spanish and English");
      await page.keyboard.press("Control+e");
      await button(page, words.recipe.editAttribute).first().click();
    },
  },
  {
    name: "recipe-paste",
    query: "priced&key",
    show: async (page) => {
      await plan(page);
      await page.keyboard.press("Control+e");
      await button(page, words.recipe.paste).click();
      await dialog(page).waitFor();
    },
  },
  {
    name: "recipe-new",
    query: "priced&key",
    show: async (page) => {
      await plan(page);
      await button(page, words.recipe.add).click();
      await page.getByRole("textbox", { name: words.recipe.instructions }).waitFor();
    },
  },

  {
    name: "plan-measuring",
    query: "priced",
    slow: { quote: FOREVER },
    show: async (page) => {
      await page.keyboard.press("Control+2");
      await page.getByText(words.plan.quotingNote).waitFor();
    },
  },
  {
    name: "plan-refused",
    refuses: { quote: {} },
    show: async (page) => {
      await page.keyboard.press("Control+2");
      await heading(page, words.plan.quoteFailed).waitFor();
    },
  },
  {
    name: "plan-without-recipe",
    query: "recipes=0",
    show: async (page) => {
      await page.keyboard.press("Control+2");
      await heading(page, words.plan.noRecipe).waitFor();
    },
  },
  {
    name: "plan-without-images",
    query: "hollow",
    show: async (page) => {
      await library(page);
      await page.getByRole("button", { name: /^Damaged card/ }).click();
      await page.keyboard.press("Control+2");
      await heading(page, words.plan.noneChosen).waitFor();
    },
  },
  {
    name: "plan-unread",
    refuses: { overview: {} },
    show: async (page) => {
      await page.keyboard.press("Control+2");
      await heading(page, words.frame.libraryUnreadable).waitFor();
    },
  },
];
