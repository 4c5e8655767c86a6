/** The models: their prices, those of a server of one's own, servers that run on the machine, and calibration. */
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

import type { PriceList, Settings } from "../src/api/bindings";
import { words } from "../src/messages";
import {
  call,
  changeAnswer,
  choose,
  expectAccessible,
  expectNothingCut,
  launch,
  open,
  type Opening,
  screenshot,
  showSettingsPage,
} from "./browser";

let browser: Browser;
let page: Page;
beforeAll(async () => {
  browser = await launch();
});
afterEach(() => page.context().close());
afterAll(() => browser.close());

const said = words.models;
const dialog = () => page.getByRole("dialog");
const row = (model: string) =>
  page
    .getByRole("row")
    .filter({ has: page.getByText(model, { exact: true }) })
    .first();

async function openSettings(opening: Opening = {}): Promise<void> {
  page = await open(browser, opening);
  await page.keyboard.press("Control+,");
  await page.getByRole("navigation", { name: words.settings.parts }).waitFor();
}

async function openPrices(opening: Opening = {}): Promise<void> {
  await openSettings(opening);
  await showSettingsPage(page, said.title);
  await row("claude-haiku-5-5").waitFor();
}

const prices = async (): Promise<Settings["prices"]> => (await call<Settings>(page, "settings")).prices;

describe("prices", () => {
  it("are searched and sorted, and a retired model is named with what to use", async () => {
    await openPrices();
    await page.getByRole("searchbox", { name: said.search }).fill("sonnet-4-5");
    expect(await page.getByRole("row").count()).toBe(2);
    await row("claude-sonnet-4-5-20250929").getByText(said.successor("claude-sonnet-5-5")).waitFor();
    await page.getByRole("searchbox", { name: said.search }).fill("nothing like it");
    await page.getByText(said.noneFound).waitFor();
    await page.getByRole("searchbox", { name: said.search }).fill("");
    await page.getByRole("button", { name: said.columns.input, exact: true }).click();
    expect(await page.getByRole("row").nth(1).innerText()).toContain("$11.00");
    await page.getByRole("button", { name: said.columns.input, exact: true }).click();
    expect(await page.getByRole("row").nth(1).innerText()).toContain("$0.10");
  });

  it("are edited, reset one by one, and all at once", async () => {
    await openPrices();
    const edit = async (name: string, input: string) => {
      await page.getByRole("button", { name: said.editOf(name), exact: true }).click();
      await dialog().getByLabel(said.fields.input, { exact: true }).fill(input);
      await page.keyboard.press("Enter");
    };
    await edit("Claude Haiku 5.5", "cheap");
    await dialog().getByText(said.wrongPrice).waitFor();
    await dialog().getByLabel(said.fields.input, { exact: true }).fill("0,12");
    await page.keyboard.press("Enter");
    await dialog().waitFor({ state: "detached" });
    await row("claude-haiku-5-5").getByRole("cell", { name: "$0.12", exact: true }).waitFor();
    await row("claude-haiku-5-5").getByText("your price", { exact: true }).filter({ visible: true }).waitFor();
    const [set] = (await prices()) ?? [];
    expect(set).toMatchObject({ id: "claude-haiku-5-5", input_dollars_per_million: 0.12 });
    expect(set).not.toHaveProperty("output_dollars_per_million");
    await page.getByRole("button", { name: said.editOf("Claude Haiku 5.5"), exact: true }).click();
    await choose(dialog().getByRole("combobox", { name: said.coordinates }), said.systems.norm1000_yxyx);
    await dialog().getByRole("button", { name: words.settings.save, exact: true }).click();
    await dialog().waitFor({ state: "detached" });
    expect((await prices())?.[0]?.coordinates).toBe("norm1000_yxyx");
    await page.getByRole("button", { name: said.editOf("Claude Haiku 5.5"), exact: true }).click();
    await dialog().getByRole("button", { name: said.reset }).click();
    await row("claude-haiku-5-5").getByRole("cell", { name: "$0.10", exact: true }).waitFor();
    expect(await prices()).toBeUndefined();
    await edit("Claude Opus 5.5", "3");
    await row("claude-opus-5-5").getByRole("cell", { name: "$3.00", exact: true }).waitFor();
    await page.getByRole("button", { name: said.resetAll }).click();
    await dialog().getByText("Claude Opus 5.5").waitFor();
    await dialog().getByRole("button", { name: said.resetAll }).click();
    await row("claude-opus-5-5").getByRole("cell", { name: "$4.00", exact: true }).waitFor();
    expect(await prices()).toBeUndefined();
  });

  it("are imported after what would change has been shown", async () => {
    await openPrices();
    const model = (input: number) => ({
      litellm_provider: "x",
      input_cost_per_token: input,
      output_cost_per_token: 6e-7,
    });
    const table = {
      "gpt-4o-mini": model(2e-7),
      "gpt-4o": model(3e-6),
      "gpt-4.1": { litellm_provider: "x", input_cost_per_token: "?" },
      elsewhere: model(1e-6),
    };
    const file = join(await mkdtemp(join(tmpdir(), "prices-")), "table.json");
    // As large as the public tables are.
    await writeFile(file, JSON.stringify({ ...table, sample_spec: { note: "x".repeat(2 << 20) } }));
    await page.getByLabel(said.import, { exact: true }).last().setInputFiles(file);
    await dialog()
      .getByRole("heading", { name: said.importTitle("LiteLLM") })
      .waitFor();
    await dialog().getByText("$0.15 → $0.20").waitFor();
    await dialog().getByText("gpt-4.1").waitFor();
    expect(await prices()).toBeUndefined();
    await expectAccessible(page);
    await screenshot(page, "models-import");
    await dialog().getByRole("checkbox", { name: "gpt-4o", exact: true }).uncheck();
    await dialog()
      .getByRole("button", { name: said.importModels(1) })
      .click();
    await dialog().waitFor({ state: "detached" });
    await row("gpt-4o-mini").getByText("price from LiteLLM", { exact: true }).filter({ visible: true }).waitFor();
    expect((await prices())?.map(({ id }) => id)).toEqual(["gpt-4o-mini"]);
    await writeFile(file, "{}");
    await page.getByLabel(said.import, { exact: true }).last().setInputFiles(file);
    await page.getByText(words.errors.price).waitFor();
  });

  it("say when they are old", async () => {
    await openSettings();
    await changeAnswer(page, "prices", (list: PriceList) => ({
      ...list,
      models: list.models.map((model) => ({ ...model, is_old: true })),
    }));
    await showSettingsPage(page, said.title);
    await page.getByText(words.plan.oldPrices).waitFor();
  });
});

it("a retired model can be chosen, with a warning, and is not the default", async () => {
  page = await open(browser, { query: "priced&key" });
  await page.keyboard.press("Control+2");
  const radio = page.getByRole("radio", { name: "Claude Sonnet 4.5" });
  await radio.waitFor();
  expect(await radio.isChecked()).toBe(false);
  await page.getByText(words.plan.retired("2026-11-30", "claude-sonnet-5-5")).waitFor();
  await radio.check({ force: true });
  await expect.poll(() => page.locator(".go .primary").isEnabled()).toBe(true);
  await screenshot(page, "models-retired");
});

/** The provider for servers of one's own, with the scene's local server. */
async function openLocal(opening: Opening = {}): Promise<void> {
  await openSettings({ query: "local", ...opening });
  await page.getByRole("button", { name: said.local.useOf("Ollama") }).click();
  const list = page.getByRole("navigation", { name: "Providers" });
  await list.getByRole("button", { name: /^OpenAI-compatible/ }).click();
  await row("gemma3:12b").waitFor();
}

const ownModels = async () =>
  (await call<Settings>(page, "settings")).providers?.find(({ id }) => id === "openai-compatible")?.models ?? [];

describe("a server on the machine of the core", () => {
  it("is offered in the plan, which says that it is the server's machine, and then has its models", async () => {
    page = await open(browser, { query: "local" });
    await page.keyboard.press("Control+2");
    await page.getByText("Ollama is running on the server with 6 models").waitFor();
    await screenshot(page, "models-offer");
    await page.getByRole("button", { name: said.local.useOf("Ollama") }).click();
    await page.getByRole("radio", { name: "gemma3:12b" }).waitFor();
    await expect.poll(() => page.getByRole("button", { name: said.local.useOf("Ollama") }).count()).toBe(0);
  });

  it("is not offered where none runs", async () => {
    await openSettings();
    await page.getByRole("button", { name: "Test connection" }).waitFor();
    expect(await page.getByText(said.local.title).count()).toBe(0);
  });
});

describe("the models of a server", () => {
  it("are filled from its list, described, and removed", async () => {
    await openLocal();
    await page.getByText(/^6 listed by the server/).waitFor();
    await page.getByRole("button", { name: said.editOf("molmo:7b"), exact: true }).click();
    await dialog().getByLabel(said.own.name, { exact: true }).fill("Molmo");
    await dialog().getByLabel(said.own.sizes.longest_edge).fill("0");
    await dialog().getByLabel(said.own.prices.input_dollars_per_million).fill("0.2");
    await page.keyboard.press("Enter");
    await dialog().getByText(said.own.wrongSize).waitFor();
    await dialog().getByText(said.own.wrongPrice).waitFor();
    await dialog().getByLabel(said.own.sizes.longest_edge).fill("900");
    await dialog().getByLabel(said.own.prices.output_dollars_per_million).fill("0.6");
    await choose(dialog().getByRole("combobox", { name: said.own.form }), said.own.forms.json_object);
    await screenshot(page, "models-form");
    await expectAccessible(page);
    await dialog().getByRole("button", { name: words.settings.save, exact: true }).click();
    await dialog().waitFor({ state: "detached" });
    await row("Molmo").getByText("900 px").waitFor();
    await row("Molmo").getByText("$0.20 in, $0.60 out").waitFor();
    expect(await ownModels()).toMatchObject([
      { id: "molmo:7b", name: "Molmo", longest_edge: 900, answer_form: "json_object" },
    ]);
    await page.getByRole("button", { name: said.own.add }).click();
    await dialog().getByLabel(said.own.id, { exact: true }).fill("molmo:7b");
    await page.keyboard.press("Enter");
    await dialog().getByText(said.own.wrongId).waitFor();
    await dialog().getByLabel(said.own.id, { exact: true }).fill("secret:1b");
    await page.keyboard.press("Enter");
    await row("secret:1b").waitFor();
    await page.getByRole("button", { name: said.editOf("secret:1b"), exact: true }).click();
    await dialog().getByRole("button", { name: said.own.remove }).click();
    await row("secret:1b").waitFor({ state: "detached" });
    expect((await ownModels()).map(({ id }) => id)).toEqual(["molmo:7b"]);
    await page.getByRole("button", { name: said.own.refresh }).click();
    await page.getByText(/^6 listed by the server/).waitFor();
  });

  it.each([
    ["dark", 1024, 700],
    ["light", 1440, 900],
  ] as const)("are legible in the %s theme at %i x %i, and so is a calibration", async (theme, width, height) => {
    await openLocal({ theme, width, height });
    await expectNothingCut(page);
    await expectAccessible(page);
    await screenshot(page, `models-own-${theme}-${width}`);
    await page.getByRole("button", { name: said.calibration.actionOf("gemma3:12b") }).click();
    await dialog().getByText(said.calibration.why).waitFor();
    await screenshot(page, `calibration-plan-${theme}-${width}`);
    await expectAccessible(page);
    await dialog().locator(".primary").click();
    await dialog().getByText("The coordinates in use are right for this model.").waitFor();
    await screenshot(page, `calibration-result-${theme}-${width}`);
    await expectNothingCut(page);
    await expectAccessible(page);
  });
});

it("a run whose boxes are in other coordinates offers calibration, which corrects them", async () => {
  await openLocal();
  await page.getByRole("button", { name: said.editOf("llama3.2-vision:11b"), exact: true }).click();
  await choose(dialog().getByRole("combobox", { name: said.coordinates }), said.systems.pixel_xyxy);
  await dialog().locator(".primary").click();
  await dialog().waitFor({ state: "detached" });
  await page.keyboard.press("Control+2");
  await page.getByRole("radio", { name: "llama3.2-vision:11b" }).check({ force: true });
  await page.locator(".go .primary").click();
  await dialog().locator(".primary").click();
  const offer = page.getByRole("button", { name: said.calibration.calibrate }).first();
  await offer.waitFor();
  await screenshot(page, "calibration-offer");
  await offer.click();
  await dialog().locator(".primary").click();
  await dialog().getByRole("button", { name: said.calibration.apply }).click();
  await dialog().getByText(said.calibration.applied(said.systems.norm1_xyxy)).waitFor();
  expect(await ownModels()).toMatchObject([{ id: "llama3.2-vision:11b", coordinates: "norm1_xyxy" }]);
});
