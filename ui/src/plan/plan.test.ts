import { describe, expect, it, vi } from "vitest";

import { openFake } from "../ipc/fake";
import { App } from "../state/app.svelte";
import { Plan } from "./plan.svelte";

async function asked(query = ""): Promise<Plan> {
  const app = new App(openFake(query));
  await app.start();
  const plan = new Plan(app);
  await plan.loadRecipes();
  await plan.ask();
  return plan;
}

it("says the number on its button", async () => {
  const plan = await asked();
  expect(plan.goal).toBe("Annotate 60 images, $0");
  expect(plan.hindrance).toBeNull();
  plan.app.planFor({ kind: "images", ids: [1] });
  await plan.ask();
  expect(plan.goal).toBe("Annotate 1 image, $0");
});

it("says an uncertain cost as one", async () => {
  const plan = await asked("?priced");
  expect(plan.costScale).not.toBeNull();
  plan.modelId = "example-small";
  expect(plan.goal).toBe("Annotate 60 images, about $0.11");
  plan.modelId = "lab";
  expect(plan.goal).toBe("Annotate 60 images");
});

it("has no scale where nothing costs anything", async () => expect((await asked()).costScale).toBeNull());

describe("what a model cannot do", () => {
  it("is known before the run", async () => {
    const plan = await asked();
    plan.recipeId = 2;
    await plan.ask();
    expect(plan.unknownLabels.has("beak")).toBe(true);
    expect(plan.unknownLabels.has("bird")).toBe(false);
    expect(plan.hindrance).toBeNull();
  });

  it("hinders the run when nothing could be found", async () => {
    const plan = await asked();
    plan.typed = "bicycle bell";
    await plan.saveTyped();
    await plan.ask();
    expect(plan.recipe?.recipe.name).toBe("bicycle bell");
    expect(plan.hindrance).toBe("The built-in detector knows none of these labels");
    await plan.start();
    expect(plan.app.screen).toBe("library");
  });
});

it("starts the run and shows it", async () => {
  const plan = await asked();
  await plan.start();
  expect(plan.app.screen).toBe("run");
  expect(plan.app.run).toBe(3);
  await plan.app.seam.cancelRun(3);
});

it("deletes a recipe of one's own and goes back to the first", async () => {
  const plan = await asked();
  plan.typed = "cat, cup";
  await plan.saveTyped();
  expect(plan.recipes).toHaveLength(3);
  await plan.deleteRecipe();
  expect(plan.recipes).toHaveLength(2);
  expect(plan.recipeId).toBe(1);
  plan.app.toasts[0]?.action?.do();
  await vi.waitFor(() => expect(plan.recipe?.recipe.name).toBe("cat, cup"));
});

it("keeps recipes that were brought along", async () => {
  const plan = await asked();
  await plan.deleteRecipe();
  expect(plan.recipes).toHaveLength(2);
});

it("starts nothing on an outdated quote", async () => {
  const plan = await asked();
  plan.recipeId = 2;
  const quoted = plan.ask();
  expect(plan.hindrance).toBe("Measuring these images");
  await plan.start();
  expect(plan.app.screen).toBe("library");
  await quoted;
  expect(plan.hindrance).toBeNull();
});
