/** Runs and review. */
import { words } from "../../src/messages";
import {
  audit,
  button,
  CLAUDE,
  DETECTOR,
  dialog,
  evaluate,
  FOREVER,
  heading,
  latestRun,
  review,
  sample,
  start,
  unchecked,
  type Look,
} from "./steps";

export const WORK_LOOKS: readonly Look[] = [
  {
    name: "run-none",
    query: "images=0",
    show: async (page) => {
      await page.keyboard.press("Control+3");
      await heading(page, words.run.emptyTitle).waitFor();
    },
  },
  {
    name: "run-here",
    query: "images=240",
    changes: true,
    show: async (page) => {
      await start(page, DETECTOR);
      await heading(page, words.run.recentAnswers).waitFor();
    },
  },
  {
    name: "run",
    query: "priced&key&endpoints&images=240&still",
    changes: true,
    show: async (page) => {
      await start(page, CLAUDE);
      await page.locator("svg .preview").first().waitFor();
      await page.locator(".wait").waitFor({ state: "hidden" });
    },
  },
  {
    name: "run-paused",
    query: "key&images=240&still",
    changes: true,
    show: async (page) => {
      await start(page, CLAUDE);
      await heading(page, words.run.recentAnswers).waitFor();
      await page.keyboard.press("Space");
      await page.getByText(words.run.states.paused, { exact: true }).waitFor();
    },
  },
  {
    name: "run-held",
    query: "priced&key&images=240&still&held=unreachable",
    changes: true,
    show: async (page) => {
      await start(page, CLAUDE);
      await page.locator(".wait").waitFor();
    },
  },
  { name: "run-finished", query: "images=240", show: (page) => latestRun(page, 2) },
  { name: "run-stopped", query: "priced&key&stopped=key_rejected", show: (page) => latestRun(page, 3) },
  { name: "run-at-budget", query: "priced&key&images=240&stopped=budget_reached", show: (page) => latestRun(page, 3) },
  { name: "run-interrupted", query: "interrupted", show: (page) => latestRun(page, 3) },
  {
    name: "run-unsettled",
    query: "priced&key&interrupted",
    show: async (page) => {
      await latestRun(page, 3);
      await page.keyboard.press("Space");
      await dialog(page).waitFor();
    },
  },
  {
    name: "run-batch",
    query: "priced&key&batch&images=240",
    changes: true,
    show: async (page) => {
      await latestRun(page, 3);
      await page.keyboard.press("Space");
      await page.getByText(words.run.batch.mayBeClosed).waitFor();
    },
  },

  {
    name: "review",
    query: "images=240",
    show: review,
  },
  {
    name: "review-selected",
    query: "mistakes&images=240",
    prepare: unchecked,
    show: async (page) => {
      await review(page);
      await page.keyboard.press("n");
    },
  },
  {
    name: "review-filter",
    query: "images=240",
    show: async (page) => {
      await review(page);
      await button(page, words.review.filter.title).click();
      await page.getByRole("slider").first().waitFor();
    },
  },
  {
    name: "review-rejected",
    changes: true,
    show: async (page) => {
      await review(page);
      await page.keyboard.press("x");
      await page.getByText(words.review.why).waitFor();
    },
  },
  {
    name: "review-none",
    query: "images=0",
    show: async (page) => {
      await page.keyboard.press("Control+4");
      await heading(page, words.review.emptyTitle).waitFor();
    },
  },

  {
    name: "review-unread",
    refuses: { image_ids: {} },
    show: async (page) => {
      await page.keyboard.press("Control+4");
      await heading(page, words.review.unreadable).waitFor();
    },
  },
  {
    name: "review-awaited",
    slow: { image_cards: FOREVER },
    show: async (page) => {
      await page.keyboard.press("Control+4");
      await page.locator("aside .skeleton").waitFor();
    },
  },
  {
    name: "review-annotations-unread",
    refuses: { image_cards: {} },
    show: async (page) => {
      await page.keyboard.press("Control+4");
      await heading(page, words.review.annotationsUnreadable).waitFor();
    },
  },
  {
    name: "review-unplugged",
    query: "unplugged",
    show: async (page) => {
      await review(page);
      await page.getByText("No such file or directory").waitFor();
    },
  },
  {
    name: "review-gone",
    query: "unplugged=all",
    show: async (page) => {
      await review(page);
      await page.getByText("No such file or directory").waitFor();
    },
  },

  { name: "audit-threshold", query: "images=2400", show: audit },
  { name: "audit-sample", query: "images=2400", changes: true, show: sample },
  {
    name: "compare",
    show: async (page) => {
      await page.keyboard.press("Control+6");
      await page.getByRole("region", { name: words.compare.choose }).waitFor();
    },
  },

  { name: "evaluate", query: "layers", show: evaluate },
];
