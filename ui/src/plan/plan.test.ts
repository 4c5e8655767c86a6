import { describe, expect, it, vi } from "vitest";

import type { Core } from "../api/core";
import { App } from "../state/app.svelte";
import { coreOf } from "../../test/core";
import { groupsOf, Plan } from "./plan.svelte";

async function asked(query = "", prepare: (core: Core) => void = () => {}): Promise<Plan> {
  const core = await coreOf(query);
  prepare(core);
  const app = new App(core);
  await app.start();
  const plan = new Plan(app);
  await plan.loadRecipes();
  await plan.ask();
  return plan;
}

const HAIKU = "claude-haiku-5-5";

/** The server of the chosen model. */
function hostOf(plan: Plan): string {
  const destination = plan.chosen?.model.destination;
  if (destination?.kind !== "host") throw new Error(`${plan.modelId} is on this machine`);
  return destination.name;
}

/** A plan with a model to whose server sending is allowed. */
async function agreed(query: string): Promise<Plan> {
  const plan = await asked(query);
  await plan.app.settings.save({ agreed_hosts: [hostOf(plan)] });
  return plan;
}

/** A plan without a key for the vendor's own server. */
async function keyless(): Promise<Plan> {
  const plan = await asked("priced");
  await plan.app.connections.save("anthropic", { base_url: null });
  await plan.ask();
  return plan;
}

it("says the number on its button", async () => {
  const plan = await asked();
  expect(plan.goal).toBe("Annotate 60 images, $0");
  expect(plan.unavailable).toBeNull();
  plan.app.scope.planFor({ kind: "images", ids: [1] });
  await plan.ask();
  expect(plan.goal).toBe("Annotate 1 image, $0");
});

it("says an uncertain cost as one, and an unknown one not at all", async () => {
  const plan = await asked("priced&key");
  expect(plan.costScale).not.toBeNull();
  plan.choose("claude-sonnet-5-5");
  expect(plan.goal).toMatch(/^Annotate 60 images, about \$0\.\d+$/u);
  plan.quote = plan.quote && {
    ...plan.quote,
    models: plan.quote.models.map((row) => ({ ...row, cost_dollars: null })),
  };
  expect(plan.goal).toBe("Annotate 60 images");
});

it.each(["recipes", "quote"] as const)(
  "says in place of a quote that %s were refused, and asks again",
  async (refused) => {
    vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const plan = await asked("", (core) => {
      vi.spyOn(core, refused).mockRejectedValueOnce({ code: "library", message: "" });
    });
    expect(plan).toMatchObject({ quote: null, goal: "Annotate" });
    expect(plan.refusal).toBe("The library could not be read or written.");
    await plan.tryAgain();
    expect(plan).toMatchObject({ refusal: null, goal: "Annotate 60 images, $0" });
  },
);

describe("the model", () => {
  it("is the suggested one where it can run, else the first that can", async () => {
    const { modelId, quote } = await asked("priced&key");
    expect(modelId).toMatch(/^claude-/u);
    expect(modelId).toBe(quote?.suggested_model);
    expect((await asked("priced")).modelId).toBe("nanodet-g-416");
  });

  it("becomes the suggested one once there is a key, unless the user has chosen one", async () => {
    const plan = await asked("priced");
    expect(plan.modelId).toBe("nanodet-g-416");
    await plan.app.core.keepKey("anthropic", null, "sk-ant-api03-of-a-person");
    await plan.ask();
    expect(plan.modelId).toMatch(/^claude-/u);
    expect(plan.modelId).toBe(plan.quote?.suggested_model);
    plan.choose("nanodet-g-416");
    await plan.ask();
    expect(plan.modelId).toBe("nanodet-g-416");
  });

  it("says what hinders it, in the order of who can do something about it", async () => {
    const plan = await keyless();
    plan.choose("claude-opus-5-5");
    expect(plan.unavailable).toBe("A key is needed for api.anthropic.com");
    await plan.app.settings.save({ is_local_only: true });
    await plan.ask();
    expect(plan.unavailable).toBe("Everything is locked to the server");
  });

  it("costs what the parts of its cost add up to", async () => {
    const { quote } = await asked("priced");
    for (const { cost_dollars: cost, cost_basis: basis } of quote?.models ?? []) {
      if (basis)
        expect(basis.image_cost_dollars + basis.text_cost_dollars + basis.answer_cost_dollars).toBeCloseTo(
          cost?.expected ?? 0,
          9,
        );
    }
  });
});

describe("models at one server", () => {
  it("are a group with one reason", async () => {
    const rows = (await keyless()).quote?.models ?? [];
    const elsewhere = rows.filter(({ model }) => model.destination.kind === "host");
    const [here, there] = groupsOf(rows);
    expect(here).toMatchObject({ destination: { kind: "this_machine" }, unavailable: null });
    expect(there).toMatchObject({ unavailable: { kind: "no_key", host: "api.anthropic.com" } });
    const isThere = ({ model }: (typeof rows)[number]) =>
      model.destination.kind === "host" && model.destination.name === "api.anthropic.com";
    expect(there?.rows).toHaveLength(elsewhere.filter(isThere).length);
  });
});

describe("sending for the first time", () => {
  it("is asked about, and not again once agreed", async () => {
    const plan = await asked("priced&key");
    await plan.start();
    expect(plan.isAskingToSend).toBe(true);
    expect(plan.app.navigation.screen).toBe("library");
    await plan.agree();
    expect(plan.app.settings.current.agreed_hosts).toEqual([hostOf(plan)]);
    expect(plan.app.navigation.run).toBe(3);
    await plan.app.core.cancelRun(3);
    plan.app.navigation.show("plan");
    await plan.start();
    expect(plan.isAskingToSend).toBe(false);
    expect(plan.app.navigation.run).toBe(4);
    await plan.app.core.cancelRun(4);
  });

  it("does not happen when the agreement could not be kept", async () => {
    const plan = await asked("priced&key");
    await plan.start();
    plan.app.core.changeSettings = () => Promise.reject({ code: "library", message: "" });
    await plan.agree();
    expect(plan.app.settings.current.agreed_hosts).toEqual([]);
    expect(plan.app.navigation.run).toBeNull();
  });

  it("is not asked about for a model on this machine", async () => {
    const plan = await asked("priced");
    await plan.start();
    expect(plan.isAskingToSend).toBe(false);
    expect(plan.app.navigation.screen).toBe("run");
    await plan.app.core.cancelRun(3);
  });
});

describe("the budget cap", () => {
  it("is none until one is typed, and stays while models change", async () => {
    const plan = await asked("priced&key");
    expect([plan.mayCost, plan.cap, plan.unavailable]).toEqual([true, null, null]);
    plan.typedBudget = "$0,60";
    expect([plan.cap, plan.budgetProblem]).toEqual([0.6, null]);
    plan.choose("claude-opus-5-5");
    expect(plan.cap).toBe(0.6);
    plan.choose("nanodet-g-416");
    expect([plan.mayCost, plan.cap, plan.unavailable]).toEqual([false, null, null]);
  });

  it("goes along with the run", async () => {
    const plan = await agreed("priced&key");
    plan.typedBudget = "0.60";
    await plan.start();
    const [run] = await plan.app.core.runs();
    expect(run?.budget_dollars).toBe(0.6);
    await plan.app.core.cancelRun(3);
  });

  it("lets the run start while a new budget is looked at", async () => {
    const plan = await asked("priced&key");
    plan.typedBudget = "0.60";
    const pending = plan.askBudget();
    expect([plan.isQuoting, plan.unavailable, plan.budgetForecast]).toEqual([false, null, []]);
    await pending;
    expect(plan.budgetForecast).toHaveLength(1);
  });

  it("hinders the start when it is no sum, or too little for a single image", async () => {
    const plan = await asked("priced&key");
    plan.typedBudget = "a lot";
    expect(plan.budgetProblem).toBe("Enter an amount in dollars, such as 0.60.");
    expect(plan.unavailable).toBe("The budget cap is not valid.");
    await plan.start();
    expect(plan.isAskingToSend).toBe(false);
    plan.choose(HAIKU);
    plan.typedBudget = "0.001";
    expect(plan.budgetProblem).toMatch(
      /^\$0\.001 is too low for a single image; the most expensive can cost \$0\.\d+\.$/u,
    );
    plan.typedBudget = ((plan.chosen?.cost_basis?.dearest_request_dollars ?? 0) * 1.1).toFixed(5);
    expect(plan.unavailable).toBeNull();
    plan.choose("claude-opus-5-5");
    expect(plan.budgetProblem).toMatch(/ is too low for a single image;/u);
  });

  it("cannot be enforced without a price", async () => {
    const plan = await asked("priced&key");
    plan.quote = plan.quote && {
      ...plan.quote,
      models: plan.quote.models.map((row) => ({ ...row, cost_dollars: null })),
    };
    expect([plan.mayCost, plan.unavailable]).toEqual([true, null]);
    plan.typedBudget = "1";
    expect(plan.budgetProblem).toMatch(/^This model has no price/u);
  });
});

describe("when and how", () => {
  it("is batch where the chosen model can, and stays wished for while models change", async () => {
    const plan = await asked("priced&key");
    plan.choose("claude-sonnet-5-5");
    const now = plan.price?.cost?.expected ?? Number.NaN;
    plan.wantsBatch = true;
    expect(plan.mode).toBe("batch");
    expect(plan.price?.cost?.expected).toBeCloseTo(now / 2, 6);
    expect(plan.goal).toMatch(/^Annotate 60 images, about \$0\.\d+$/u);
    plan.choose("nanodet-g-416");
    expect([plan.mode, plan.goal]).toEqual(["live", "Annotate 60 images, $0"]);
    plan.choose("claude-sonnet-5-5");
    expect(plan.mode).toBe("batch");
  });

  it("goes along with the run", async () => {
    const plan = await agreed("priced&key&similar");
    const started = vi.spyOn(plan.app.core, "startRun");
    plan.pace.typedAtOnce = "900";
    expect(plan.unavailable).toBe("The concurrency is not valid.");
    plan.pace.typedAtOnce = "6";
    plan.propagatesToSimilar = true;
    await plan.ask();
    expect(plan.asked).toBeLessThan(60);
    await plan.start();
    expect(started).toHaveBeenLastCalledWith(
      expect.objectContaining({
        options: expect.objectContaining({ concurrency: 6 }),
        mode: "live",
        propagates_to_similar: true,
        ignores_saved_answers: false,
      }),
    );
    await plan.app.core.cancelRun(3);
    plan.wantsBatch = true;
    await plan.start();
    const options = { max_tokens: null, longest_edge: null, most_examples: null };
    expect(started).toHaveBeenLastCalledWith(expect.objectContaining({ options, mode: "batch" }));
    await plan.app.core.cancelRun(4);
  });

  it("takes its pace from a preset, or from one's own numbers", async () => {
    const { pace, chosen } = await asked("priced&key");
    const presets = chosen?.presets ?? [];
    expect(presets.map(({ preset, is_fitting }) => [preset, is_fitting])).toEqual([
      ["small", false],
      ["medium", false],
      ["large", true],
    ]);
    expect(pace.nameAmong(presets)).toBe("auto");
    pace.choose("large", presets);
    expect([pace.typedAtOnce, pace.typedPause, pace.options.chunk_size]).toEqual(["4", "200", 20]);
    expect(pace.nameAmong(presets)).toBe("large");
    pace.choose("medium", presets);
    expect([pace.nameAmong(presets), pace.options.chunk_size]).toEqual(["medium", null]);
    pace.typedPause = "75";
    expect(pace.nameAmong(presets)).toBeNull();
    pace.typedPause = "soon";
    expect(pace.problem).toBe("The pause is not valid.");
    pace.choose("auto", presets);
    expect([pace.problem, pace.options.concurrency]).toEqual([null, null]);
  });

  it("pays for earlier answers again only if the user says so, every time", async () => {
    const plan = await agreed("priced&key&answered");
    plan.choose(HAIKU);
    const [before, rest] = [plan.chosen?.answered_before ?? 0, plan.price?.cost?.expected ?? 0];
    expect([before > 0, plan.asked]).toEqual([true, 60 - before]);
    expect(plan.goal).toMatch(new RegExp(`^Annotate ${60 - before} new images, ${before} reused, about \\$`, "u"));
    plan.ignoresSavedAnswers = true;
    await plan.ask();
    expect(plan.asked).toBe(60);
    expect(plan.goal).toMatch(/^Annotate 60 images, about/u);
    expect(plan.price?.cost?.expected).toBeGreaterThan(rest);
    await plan.start();
    expect(plan.ignoresSavedAnswers).toBe(false);
    await plan.app.core.cancelRun(3);
  });
});

it("has no scale where nothing costs anything", async () => {
  const plan = await asked();
  expect(plan.costScale).not.toBeNull();
  const models = plan.quote?.models.filter(({ model }) => model.destination.kind === "this_machine") ?? [];
  plan.quote = plan.quote && { ...plan.quote, models };
  expect(plan.costScale).toBeNull();
});

describe("what a model cannot do", () => {
  it("is known before the run", async () => {
    const plan = await asked();
    plan.recipeId = 2;
    await plan.ask();
    expect(plan.unknownLabels.has("beak")).toBe(true);
    expect(plan.unknownLabels.has("bird")).toBe(false);
    expect(plan.unavailable).toMatch(/^5 required attributes cannot be filled by this model/u);
  });

  it("hinders the run when nothing could be found", async () => {
    const plan = await asked();
    plan.typed = "bicycle bell";
    await plan.saveTyped();
    await plan.ask();
    expect(plan.recipe?.recipe.name).toBe("bicycle bell");
    expect(plan.unavailable).toBe("The built-in detector knows none of these labels");
    await plan.start();
    expect(plan.app.navigation.screen).toBe("library");
  });
});

it("starts the run and shows it", async () => {
  const plan = await asked();
  await plan.start();
  expect(plan.app.navigation.screen).toBe("run");
  expect(plan.app.navigation.run).toBe(3);
  await plan.app.core.cancelRun(3);
});

it("starts nothing on an outdated quote", async () => {
  const plan = await asked();
  plan.recipeId = 2;
  const quoted = plan.ask();
  expect(plan.unavailable).toBe("Measuring these images");
  await plan.start();
  expect(plan.app.navigation.screen).toBe("library");
  await quoted;
  plan.recipeId = 1;
  await plan.ask();
  expect(plan.unavailable).toBeNull();
});

describe("commands without consent", () => {
  it("are shown before a run starts, and run with it once they are agreed to", async () => {
    const plan = await asked("hooks");
    await plan.start();
    expect(plan.askedHooks.map(({ event }) => event)).toEqual(["before_run"]);
    expect(plan.app.navigation.run).toBeNull();
    await plan.agreeToHooks();
    expect(plan.askedHooks).toEqual([]);
    expect((await plan.app.core.hooks()).every(({ command, is_agreed }) => command === null || is_agreed)).toBe(true);
    expect((await plan.app.core.runs()).length).toBe(3);
  });

  it("may be left out of this run, and are asked about again", async () => {
    const plan = await asked("hooks");
    await plan.start();
    await plan.startWithoutHooks();
    expect((await plan.app.core.runs()).length).toBe(3);
    await plan.start();
    expect(plan.askedHooks).toHaveLength(1);
  });
});
