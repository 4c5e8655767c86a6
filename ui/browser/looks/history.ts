/** Evaluation, history, settings, export and the command palette. */
import type { RunReport, SpendReport, SpendRow } from "../../src/api/bindings";
import { words } from "../../src/messages";
import { EVERY_DIAGNOSIS } from "../../test/diagnoses";
import { changeAnswer } from "../browser";
import { button, dialog, evaluate, heading, history, library, settings, settingsAt, type Look } from "./steps";

/** As if some requests had gone to servers without a known price. */
function partlyUnknown(report: SpendReport): SpendReport {
  const unpriced = (row: SpendRow, place: number): SpendRow =>
    place > 1 ? row : { ...row, unpriced_requests: 120, paid_dollars: place === 1 ? 0 : row.paid_dollars };
  return {
    ...report,
    total: unpriced(report.total, 0),
    by_model: report.by_model.map(unpriced),
    by_recipe: report.by_recipe.map(unpriced),
    by_collection: report.by_collection.map(unpriced),
    accepted: report.accepted.map((cost, place) => (place > 0 ? cost : { ...cost, unpriced_requests: 40 })),
  };
}

export const HISTORY_LOOKS: readonly Look[] = [
  {
    name: "evaluate-several",
    query: "layers",
    show: async (page) => {
      await evaluate(page);
      await button(page, words.evaluate.evaluated).click();
      await page.getByRole("group", { name: words.evaluate.evaluated }).getByRole("checkbox").nth(1).check();
      await page.keyboard.press("Escape");
      await page.getByRole("grid", { name: words.evaluate.table }).getByRole("row").nth(2).waitFor();
    },
  },
  {
    name: "evaluate-none",
    query: "images=0",
    show: async (page) => {
      await page.keyboard.press("Control+7");
      await heading(page, words.evaluate.noRunsTitle).waitFor();
    },
  },

  { name: "history", query: "priced&key&images=240", show: history },
  {
    name: "history-diagnosed",
    query: "priced&hooks",
    prepare: (page) =>
      changeAnswer(page, "run_report", (report: RunReport) => ({ ...report, diagnoses: [...EVERY_DIAGNOSIS] })),
    show: history,
  },
  {
    name: "history-undo",
    show: async (page) => {
      await history(page);
      await button(page, words.history.undo).click();
      await dialog(page).waitFor();
    },
  },
  {
    name: "history-compare",
    show: async (page) => {
      await history(page);
      await button(page, words.compare.compareWith).click();
      await dialog(page).waitFor();
    },
  },
  {
    name: "history-beside",
    query: "priced&key&months&images=120",
    show: async (page) => {
      await page.keyboard.press("Control+5");
      for (const run of [14, 13, 2]) await page.getByRole("checkbox", { name: words.history.beside.mark(run) }).check();
      await page.getByRole("region", { name: words.history.beside.title(3) }).waitFor();
      await page.locator(".beside canvas").nth(2).waitFor();
    },
  },
  {
    name: "spend",
    query: "priced&key&months&images=120",
    show: async (page) => {
      await page.keyboard.press("Control+8");
      await page.getByRole("slider", { name: words.spend.monthText }).locator("canvas").waitFor();
    },
  },
  {
    name: "spend-partly-unknown",
    query: "priced&key&months&images=120",
    prepare: (page) => changeAnswer(page, "spend_report", partlyUnknown),
    show: async (page) => {
      await page.keyboard.press("Control+8");
      await page.getByRole("table", { name: words.spend.byModel }).scrollIntoViewIfNeeded();
    },
  },
  {
    name: "history-report",
    query: "priced&key&images=240",
    show: async (page) => {
      await history(page);
      await page.getByRole("button", { name: words.history.report, exact: true }).click();
      await page.getByRole("menuitem", { name: words.history.page }).waitFor();
    },
  },
  {
    name: "history-none",
    query: "images=0",
    show: async (page) => {
      await page.keyboard.press("Control+5");
      await heading(page, words.history.emptyTitle).waitFor();
    },
  },

  { name: "settings", query: "priced&key&endpoints", show: settings },
  { name: "settings-keychainless", query: "priced&keychainless", show: settings },
  { name: "settings-requests", query: "priced&key", show: settingsAt(() => words.settings.requests) },
  { name: "settings-hooks", query: "hooks", show: settingsAt(() => words.hooks.title) },
  { name: "settings-appearance", show: settingsAt(() => words.settings.appearance) },
  { name: "settings-keyboard", show: settingsAt(() => words.actions.keyboard.title) },
  { name: "settings-privacy", query: "priced&key&endpoints", show: settingsAt(() => words.settings.privacy) },
  { name: "settings-import", show: settingsAt(() => words.settings.importing) },
  { name: "settings-library", show: settingsAt(() => words.storage.title) },
  { name: "settings-about", show: settingsAt(() => words.settings.about) },
  {
    name: "settings-endpoint",
    query: "priced&key&endpoints",
    show: async (page) => {
      await settings(page);
      await button(page, words.settings.addEndpoint).click();
      await dialog(page).locator(".primary").click();
    },
  },

  {
    name: "export",
    query: "images=240",
    show: async (page) => {
      await history(page);
      await page.keyboard.press("Control+Shift+E");
      await dialog(page).locator(".primary").waitFor();
    },
  },

  {
    name: "palette-found",
    show: async (page) => {
      await library(page);
      await page.keyboard.press("Control+k");
      await page.keyboard.type("lake");
      await page.getByRole("option").first().waitFor();
    },
  },
  {
    name: "palette",
    show: async (page) => {
      await library(page);
      await page.keyboard.press("Control+k");
      await dialog(page).waitFor();
    },
  },
  {
    name: "shortcuts",
    show: async (page) => {
      await library(page);
      await page.keyboard.press("?");
      await dialog(page).waitFor();
    },
  },
];
