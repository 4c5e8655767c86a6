import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

import { choose, expectAccessible, expectNothingCut, launch, type Opening, screenshot } from "./browser";
import {
  at,
  box,
  click,
  drag,
  expectNear,
  frames,
  locate,
  annotations,
  name,
  openAt as openPhoto,
  page,
  press,
  selected,
  stage,
} from "./stage";

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterEach(() => page.context().close());
afterAll(() => browser.close());

const openAt = (stem: string, opening: Opening = {}) => openPhoto(browser, stem, opening);

describe("a box", () => {
  it("is drawn, one after the other, and the tool stays in hand until Escape", async () => {
    await openAt("cat");
    const before = (await annotations()).length;
    await press("b");
    expect(await page.getByRole("button", { name: "Box", exact: true }).getAttribute("aria-pressed")).toBe("true");
    await drag([60, 60], [120, 110]);
    expectNear(await box(), [60, 60, 60, 50]);
    await drag([200, 150], [260, 220]);
    expectNear(await box(), [200, 150, 60, 70]);
    expect((await annotations()).length).toBe(before + 2);
    // A click sets one corner, the next click the other.
    await click(300, 60);
    await click(350, 100);
    expectNear(await box(), [300, 60, 50, 40]);
    await press("Escape");
    expect(await page.getByRole("button", { name: "Select", exact: true }).getAttribute("aria-pressed")).toBe("true");
    await press("Control+z", "Control+z", "Control+z");
    await expect.poll(async () => (await annotations()).length).toBe(before);
    await press("Control+Shift+z");
    await expect.poll(async () => (await annotations()).length).toBe(before + 1);
    expectNear(await box(), [60, 60, 60, 50]);
  });

  it("takes the image's edge, and with Alt only what is meant", async () => {
    await openAt("cat");
    await press("b");
    const near = 4 / stage.scale;
    await drag([near, near], [100, 100]);
    expect((await box()).slice(0, 2)).toEqual([0, 0]);
    await page.keyboard.down("Alt");
    await drag([120, 5], [180, 60]);
    await page.keyboard.up("Alt");
    expectNear(await box(), [120, 5, 60, 55]);
    // Beyond the image there is nothing to draw on.
    await drag([400, 250], [600, 400]);
    expectNear(await box(), [400, 250, 51, 50]);
  });

  it("is moved, resized by its handles, and stops at the edge", async () => {
    await openAt("cat");
    await press("b");
    await drag([100, 100], [180, 160]);
    await press("v");
    await drag([140, 130], [160, 140]);
    expectNear(await box(), [120, 110, 80, 60]);
    await drag([200, 170], [230, 200]);
    expectNear(await box(), [120, 110, 110, 90]);
    await drag([120, 155], [100, 155]);
    expectNear(await box(), [100, 110, 130, 90]);
    // A side that is pulled over the other turns the box over.
    await drag([100, 155], [260, 155]);
    expectNear(await box(), [230, 110, 30, 90]);
    await drag([245, 150], [10, 10]);
    expectNear(await box(), [0, 0, 30, 90]);
    await press("Control+z");
    await expect.poll(async () => (await box())[0]).toBeGreaterThan(200);
  });

  it("is nudged by arrows, and all nudges together are one step", async () => {
    await openAt("cat");
    await press("b");
    await drag([100, 100], [180, 160]);
    await press("v", "ArrowRight", "ArrowRight", "ArrowDown", "Shift+ArrowRight");
    expectNear(await box(), [112, 101, 80, 60]);
    await press("Control+z");
    await expect.poll(async () => (await box())[0]).toBeLessThan(102);
    await press("Control+y");
    await expect.poll(async () => (await box())[0]).toBeGreaterThan(110);
    // The image is still the same: arrows did not leave it.
    expect(await name()).toMatch(/^cat/);
  });

  it("is written in figures", async () => {
    await openAt("cat");
    await press("n");
    await page.getByRole("spinbutton", { name: "X", exact: true }).fill("40");
    await page.getByRole("spinbutton", { name: "Width", exact: true }).fill("120");
    await page.keyboard.press("Tab");
    await expect.poll(async () => (await box()).filter((_, place) => place % 2 === 0)).toEqual([40, 120]);
    expect(await selected()).toMatch(/edited$/);
  });

  it("is put into the middle without a pointer", async () => {
    await openAt("cat");
    const before = (await annotations()).length;
    await press("b", "Enter");
    expect((await annotations()).length).toBe(before + 1);
    await press("Escape", "ArrowLeft");
    expect(await selected()).toMatch(/accepted$/);
  });
});

describe("an annotation", () => {
  it("is named by a digit, and what is drawn next is called the same", async () => {
    await openAt("cafe");
    await page
      .getByRole("button", { name: /^spoon/ })
      .first()
      .click();
    const wanted = await page.locator("aside .section li .button .truncate").nth(1).innerText();
    await press("2");
    expect(await selected()).toBe(
      `${wanted}, 62 % confidence, edited`.replace("62", /(\d+) %/.exec((await selected()) ?? "")?.[1] ?? ""),
    );
    await press("Escape", "b");
    await drag([20, 20], [80, 80]);
    expect(await selected()).toBe(`${wanted}, accepted`);
    await press("Escape", "Escape", "3", "b");
    const third = await page.locator("aside .section li .button[aria-pressed='true'] .truncate").innerText();
    await drag([20, 300], [80, 380]);
    expect(await selected()).toBe(`${third}, accepted`);
  });

  it("is named by typing, new names too, and found among known ones", async () => {
    await openAt("cafe");
    await page
      .getByRole("button", { name: /^spoon/ })
      .first()
      .click();
    await press("l");
    await page.keyboard.type("tea strainer");
    await screenshot(page, "editor-name-dark-1280");
    await press("Enter");
    expect(await selected()).toMatch(/^tea strainer, .*edited$/);
    await press("Enter");
    await page.keyboard.type("din");
    await page.getByRole("option", { name: "dining table" }).waitFor();
    // What is no label yet becomes one only when that is chosen.
    await press("Enter");
    const create = page.getByRole("option", { name: "Create label “din”" });
    expect(await create.getAttribute("aria-selected")).toBe("true");
    await press("ArrowDown", "Enter");
    expect(await selected()).toMatch(/^dining table, /);
    // Keys are the screen's again.
    await press("Escape");
    expect(await page.getByText("Nothing is selected").isVisible()).toBe(true);
  });

  it("is duplicated beside itself and deleted, a model's is rejected", async () => {
    await openAt("cafe");
    const before = await annotations();
    await page
      .getByRole("button", { name: /^spoon/ })
      .first()
      .click();
    const original = await box();
    await press("Control+d");
    const copy = await box();
    expect(copy.slice(2)).toEqual(original.slice(2));
    expect(copy[0]).toBeGreaterThan(original[0] ?? 0);
    expect((await annotations()).length).toBe(before.length + 1);
    await press("Delete");
    await expect.poll(async () => (await annotations()).length).toBe(before.length);
    await page
      .getByRole("button", { name: /^spoon/ })
      .first()
      .click();
    await press("Delete");
    expect(await annotations()).toContainEqual(expect.stringMatching(/^spoon.*rejected$/));
  });

  it("drawn at once after another is selected below it by clicking again", async () => {
    await openAt("cafe");
    await page
      .getByRole("button", { name: /^spoon/ })
      .first()
      .click();
    const [x = 0, y = 0, width = 0, height = 0] = await box();
    await press("Escape");
    const middle: [number, number] = [x + width / 2, y + height / 2];
    const seen: string[] = [];
    for (let times = 0; times < 3; times += 1) {
      await click(...middle);
      seen.push((await selected())?.replace("Likely a mistake: ", "").split(",")[0] ?? "");
    }
    expect(seen).toEqual(["spoon", "cup", "dining table"]);
  });

  it("that is drawn and changed before it is stored is stored as it is", async () => {
    await openAt("cat");
    await press("b");
    await drag([100, 100], [180, 160]);
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("2");
    await page.keyboard.press("ArrowDown");
    const shown = await selected();
    expectNear(await box(), [101, 101, 80, 60]);
    await press("Escape", "Escape", "ArrowRight", "ArrowLeft");
    await page.getByRole("navigation", { name: "Screens" }).getByRole("button", { name: "Library" }).click();
    await page.getByRole("navigation", { name: "Screens" }).getByRole("button", { name: "Review" }).click();
    await page
      .getByRole("button", { name: shown ?? "", exact: true })
      .last()
      .click();
    expectNear(await box(), [101, 101, 80, 60]);
  });

  it("is accepted together with its image", async () => {
    await openAt("lake");
    for (let tries = 0; tries < 60 && (await annotations()).length > 0; tries += 1) await press("ArrowRight");
    expect(await annotations()).toEqual([]);
    const shown = await name();
    await locate();
    await press("b");
    await drag([40, 40], [120, 120]);
    await press("a");
    await page.waitForFunction((was) => document.querySelector("h1")?.textContent !== was, shown);
    await press("Escape", "Escape", "ArrowLeft");
    expect(await name()).toBe(shown);
    const state = await page
      .locator("nav[aria-label='Images of this review'] [aria-current]")
      .getAttribute("aria-label");
    expect(state).toMatch(/, reviewed$/);
  });

  it("is zoomed to", async () => {
    await openAt("cafe");
    await page
      .getByRole("button", { name: /^spoon/ })
      .first()
      .click();
    const zoom = () => page.getByRole("combobox", { name: "Zoom" }).innerText();
    const before = parseInt((await zoom()).replace("Fit, ", ""));
    await press("z");
    expect(parseInt(await zoom())).toBeGreaterThan(before);
  });
});

describe("a polygon", () => {
  it("is drawn corner by corner, and corners are pulled, added and taken away", async () => {
    await openAt("dahlia");
    const before = (await annotations()).length;
    await press("p");
    for (const [x, y] of [
      [100, 60],
      [180, 60],
      [180, 140],
      [120, 30],
    ] as const)
      await click(x, y);
    await press("Backspace");
    await click(100, 140);
    await screenshot(page, "editor-polygon-drawing-dark-1280");
    await press("Enter");
    expect((await annotations()).length).toBe(before + 1);
    await press("v");
    const extent = page.locator("dl", { hasText: "polygon" });
    expect(await extent.innerText()).toMatch(/80 × 80 px\s+at 100, 60/);
    await drag([180, 140], [200, 150]);
    expect(await extent.innerText()).toMatch(/100 × 90 px/);
    // The middle of the upper edge becomes a corner, which goes with Delete.
    await click(140, 60);
    await drag([140, 60], [140, 40]);
    expect(await extent.innerText()).toMatch(/100 × 110 px\s+at 100, 40/);
    await press("Delete");
    expect(await extent.innerText()).toMatch(/100 × 90 px\s+at 100, 60/);
    await page.keyboard.down("Alt");
    await click(200, 150);
    await page.keyboard.up("Alt");
    expect(await extent.innerText()).toMatch(/80 × 80 px/);
    // It is hit inside and not beside, though its bounds reach there.
    await press("Escape", "Escape");
    await click(115, 75);
    expect(await selected()).toMatch(/accepted$/);
    await click(170, 130);
    expect((await selected().catch(() => null)) ?? "").not.toMatch(/accepted$/);
  });

  it("closes on its first corner and on a double click, and Escape abandons it", async () => {
    await openAt("dahlia");
    const before = (await annotations()).length;
    await press("p");
    for (const [x, y] of [
      [30, 30],
      [80, 30],
      [80, 80],
      [31, 31],
    ] as const)
      await click(x, y);
    expect((await annotations()).length).toBe(before + 1);
    await click(500, 30);
    await click(560, 30);
    await page.mouse.dblclick(...at(560, 80));
    await frames();
    expect((await annotations()).length).toBe(before + 2);
    await click(500, 200);
    await click(560, 200);
    await press("Escape");
    await press("Enter");
    expect((await annotations()).length).toBe(before + 3);
  });
});

describe("beyond boxes", () => {
  it("points are set and moved", async () => {
    await openAt("dahlia");
    await press("o");
    await click(60, 50);
    expect(await page.locator("dl").innerText()).toMatch(/at 60, 50/);
    await press("v");
    await drag([60, 50], [90, 80]);
    expect(await page.locator("dl").innerText()).toMatch(/at 90, 80/);
  });

  it("the image is tagged and captioned, and the caption is changed", async () => {
    await openAt("dahlia");
    await press("t");
    await page.keyboard.type("blurry");
    await press("Enter");
    expect(await annotations()).toContain("blurry, accepted");
    await press("c");
    await page.keyboard.type("A dahlia in full bloom.");
    await press("Enter");
    expect(await selected()).toBe("A dahlia in full bloom., accepted");
    await page.getByRole("textbox", { name: "Caption" }).fill("A dahlia.");
    await page.keyboard.press("Tab");
    await expect.poll(selected).toBe("A dahlia., accepted");
    // A tag is nothing that is drawn: boxes are not called so.
    await press("Escape", "b");
    await drag([20, 20], [80, 80]);
    expect(await selected()).not.toMatch(/^blurry/);
  });

  it("attributes are written as their recipe has them", async () => {
    await openAt("dahlia", { query: "birds" });
    await press("n");
    await choose(page.getByRole("combobox", { name: "type" }), "pattern");
    await page.getByRole("spinbutton", { name: "difficulty" }).fill("4");
    await page.getByRole("textbox", { name: "spanishTerm" }).fill("pétalo");
    await page.keyboard.press("Escape");
    await page.getByRole("textbox", { name: "englishTerm" }).fill("petal");
    await page.keyboard.press("Enter");
    await screenshot(page, "editor-attributes-dark-1280");
    await press("n", "Shift+n");
    expect(await page.getByRole("combobox", { name: "type" }).innerText()).toBe("pattern");
    expect(await page.getByRole("spinbutton", { name: "difficulty" }).inputValue()).toBe("4");
    expect(await page.getByRole("textbox", { name: "englishTerm" }).inputValue()).toBe("petal");
    expect(await page.getByRole("textbox", { name: "spanishTerm" }).inputValue()).toBe("");
    await expectAccessible(page);
  });
});

describe("the view", () => {
  it("is changed, kept and put back", async () => {
    await openAt("pad");
    const filter = () => page.evaluate(() => getComputedStyle(document.querySelector("canvas") as Element).filter);
    expect(await filter()).toBe("none");
    await page.getByRole("button", { name: "Display" }).click();
    await page.getByRole("slider", { name: "Brightness" }).fill("2");
    await page.getByRole("slider", { name: "Fill" }).fill("0.3");
    await page.getByRole("radio", { name: "Bold" }).check();
    expect(await filter()).toBe("brightness(2)");
    await frames();
    await screenshot(page, "editor-view-dark-1280");
    await expectAccessible(page);
    await page.keyboard.press("Escape");
    await press("Shift+l");
    expect(await filter()).toBe("brightness(2.1)");
    await page.reload();
    await page.getByRole("heading", { name: "Annotations" }).waitFor();
    expect(await filter()).toBe("brightness(2.1)");
    await page.getByRole("button", { name: "Display" }).click();
    await page.getByRole("button", { name: "Reset" }).click();
    expect(await filter()).toBe("none");
  });
});

describe.each(["dark", "light"] as const)("in the %s theme", (theme) => {
  it.each([
    [1280, 800],
    [1920, 1200],
  ])("the editor is legible and reachable at %i x %i", async (width, height) => {
    await openAt("cafe", { theme, width, height });
    await press("b");
    await drag([60, 300], [150, 380]);
    await page.mouse.move(...at(230, 200));
    await page.mouse.down();
    await page.mouse.move(...at(330, 300), { steps: 3 });
    await frames();
    await screenshot(page, `editor-drawing-${theme}-${width}`);
    await page.mouse.up();
    await press("v");
    await page
      .getByRole("button", { name: /^spoon/ })
      .first()
      .click();
    await page.mouse.move(...at(380, 200));
    await frames();
    await screenshot(page, `editor-${theme}-${width}`);
    await expectAccessible(page);
    await expectNothingCut(page);
  });
});
