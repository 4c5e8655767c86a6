/** A core that is late, refuses or has lost a disk: what is said, and that trying again leads on. How it looks: `scenes.ts`. */
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

import { launch, open, sceneOf } from "./browser";

let browser: Browser;
let page: Page;
beforeAll(async () => {
  browser = await launch();
});
afterEach(() => page.context().close());
afterAll(() => browser.close());

const tryAgain = () => page.getByRole("button", { name: "Try again" });

describe("the plan", () => {
  it("says in place of a quote why there is none, and asks again", async () => {
    page = await open(browser, { refuses: { quote: { times: 1 } } });
    await page.keyboard.press("Control+2");
    await page.getByRole("alert").getByText("The library could not be read or written.").waitFor();
    expect(await page.getByRole("button", { name: "Annotate", exact: true }).isDisabled()).toBe(true);
    await tryAgain().click();
    await page.getByRole("button", { name: "Annotate 60 images, $0", disabled: false }).waitFor();
  });

  it("reads recipes again that could not be read", async () => {
    page = await open(browser, { refuses: { recipes: { times: 1 } } });
    await page.keyboard.press("Control+2");
    await tryAgain().click();
    await page.getByRole("button", { name: "Annotate 60 images, $0", disabled: false }).waitFor();
  });

  it("leads to the first recipe where there is none", async () => {
    page = await open(browser, { query: "recipes=0" });
    await page.keyboard.press("Control+2");
    await page.getByRole("button", { name: "Enter what to find" }).click();
    await page.keyboard.type("cup, spoon");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Annotate 60 images, $0", disabled: false }).waitFor();
  });

  it("comes back when the library does", async () => {
    page = await open(browser, { refuses: { overview: { times: 1 } } });
    await page.keyboard.press("Control+2");
    await tryAgain().click();
    await page.getByRole("button", { name: "Annotate 60 images, $0", disabled: false }).waitFor();
  });
});

describe("review", () => {
  const accept = () => page.getByRole("button", { name: "Accept and next A" });

  it("does not call unread what is empty, and reads it again", async () => {
    page = await open(browser, { refuses: { image_ids: {} } });
    await page.keyboard.press("Control+4");
    await page.getByRole("heading", { name: "The images to review could not be loaded" }).waitFor();
    expect(await page.getByText("Nothing to review").count()).toBe(0);
    await page.context().close();
    page = await open(browser);
    await page.keyboard.press("Control+4");
    await accept().waitFor();
    // The library asks for ids as well, so the refusal begins with the review.
    await page.route(
      "**/api/call/image_ids",
      (route) => route.fulfill({ status: 422, json: { code: "library", message: "refused once" } }),
      { times: 1 },
    );
    await page.reload();
    await tryAgain().click();
    await accept().waitFor();
  });

  it("reads annotations again that could not be read", async () => {
    page = await open(browser, { refuses: { image_cards: {} } });
    await page.keyboard.press("Control+4");
    await page.getByRole("heading", { name: "The annotations could not be loaded" }).waitFor();
    expect(await tryAgain().isVisible()).toBe(true);
  });

  it("says where a photo was that is gone, and can be decided by its preview", async () => {
    page = await open(browser, { query: "unplugged" });
    await page.keyboard.press("Control+4");
    const notice = page.getByRole("status").filter({ hasText: "cannot be opened" });
    await notice.getByText(sceneOf(page).photos, { exact: false }).filter({ hasText: "No such file" }).waitFor();
    await notice.getByRole("button", { name: "Dismiss" }).click();
    await notice.waitFor({ state: "detached" });
    await page.keyboard.press("a");
    await page.getByText("Reviewed 1 of 43").waitFor();
    // The next one is gone as well.
    await notice.waitFor();
  });
});
