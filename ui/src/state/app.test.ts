import { describe, expect, it, onTestFinished, vi } from "vitest";

import { coreOf, following } from "../../test/core";
import { App } from "./app.svelte";
import { Selection } from "./selection";

async function started(query = ""): Promise<App> {
  const core = await coreOf(query);
  const isFollowing = following(core);
  const app = new App(core);
  await app.start();
  await isFollowing;
  return app;
}

/** Timers of the window go as the test says; those of the connection to the core are not among them. */
function takeTimers(): void {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  onTestFinished(() => void vi.useRealTimers());
}

describe("the plan's images", () => {
  it("are the collection, or what is selected when the library is left for the plan", async () => {
    const app = await started();
    expect(app.scope.imagesToPlan).toEqual({ kind: "all" });
    app.scope.showCollection(2);
    expect(app.scope.imagesToPlan).toEqual({ kind: "collection", id: 2 });
    app.scope.selected = Selection.of([40, 41]);
    app.navigation.show("plan");
    expect(app.scope.imagesToPlan).toEqual({ kind: "images", ids: [40, 41] });
    app.navigation.show("run");
    app.scope.selected = Selection.none;
    app.navigation.show("plan");
    expect(app.scope.imagesToPlan).toEqual({ kind: "images", ids: [40, 41] });
  });

  it("stay when an image is clicked on the way, until the library plans or the collection changes", async () => {
    const app = await started();
    app.scope.selected = Selection.of([40, 41]);
    app.navigation.show("plan");
    for (const clicked of [Selection.of([3]), Selection.none]) {
      app.navigation.show("library");
      app.scope.selected = clicked;
      app.navigation.show("plan");
      expect(app.scope.imagesToPlan).toEqual({ kind: "images", ids: [40, 41] });
    }
    app.navigation.show("library");
    app.scope.selected = Selection.of([5, 6, 7]);
    app.navigation.show("plan");
    expect(app.scope.imagesToPlan).toEqual({ kind: "images", ids: [5, 6, 7] });
    app.scope.showCollection(2);
    app.navigation.show("plan");
    expect(app.scope.imagesToPlan).toEqual({ kind: "collection", id: 2 });
  });

  it("are all of the collection when all are selected", async () => {
    const app = await started("images=12");
    app.scope.selected = Selection.of(Array.from({ length: 12 }, (_, place) => place + 1));
    app.navigation.show("plan");
    expect(app.scope.imagesToPlan).toEqual({ kind: "all" });
  });
});

it("forgets the selection with its collection", async () => {
  const app = await started();
  app.scope.selected = Selection.of([1]);
  app.scope.showCollection(3);
  expect(app.scope.selected.size).toBe(0);
  expect(app.scope.collectionName).toBe("Harbour weekend");
  await expect.poll(() => app.overview.here?.counts.all).toBe(9);
  expect(app.overview.all?.counts.all).toBe(60);
});

it("shows an import while it goes on and tells what came of it", async () => {
  const app = await started("images=0");
  const shown: (boolean | undefined)[] = [];
  app.core.on("import_changed", () => shown.push(app.imports.progress?.is_finished));
  await app.imports.importSamples();
  await expect.poll(() => app.notices.list.map(({ text }) => text)).toEqual(["6 images added"]);
  expect([shown[0], shown.at(-1)]).toEqual([false, undefined]);
  await expect.poll(() => app.overview.here?.counts.all).toBe(6);
});

it("tells refusals in words, and takes toasts away by themselves", async () => {
  const app = await started("images=0");
  const request = {
    images: { kind: "all" },
    recipe: 1,
    model: "nanodet-g-416",
    options: {},
    mode: "live",
    propagates_to_similar: false,
    ignores_saved_answers: false,
    pilot: null,
    budget_dollars: null,
  } as const;
  const warned = vi.spyOn(console, "warn").mockImplementation(() => undefined);
  takeTimers();
  expect(await app.notices.attempt(() => app.core.startRun(request))).toBeUndefined();
  expect(warned).toHaveBeenCalledWith(expect.objectContaining({ code: "no_images" }));
  expect(app.notices.list).toMatchObject([{ tone: "bad", text: "There are no images to annotate." }]);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(app.notices.list).toEqual([]);
});

it("takes a setting back that could not be saved", async () => {
  const app = await started();
  await app.settings.save({ theme: "light" });
  expect(app.settings.current.theme).toBe("light");
  app.core.changeSettings = () => Promise.reject({ code: "library", message: "no space left" });
  await app.settings.save({ theme: "dark" });
  expect(app.settings.current.theme).toBe("light");
  expect(app.notices.list.at(-1)?.text).toBe("The library could not be read or written.");
});

it("keeps what another process has set, and shows it", async () => {
  const app = await started();
  // As if the signal had not arrived yet.
  const seen = app.settings.current;
  await app.core.changeSettings(seen, { ...seen, is_local_only: true });
  app.settings.current = seen;
  await app.settings.save({ theme: "light" });
  expect(app.settings.current).toMatchObject({ theme: "light", is_local_only: true });
  await app.core.changeSettings(app.settings.current, { ...app.settings.current, writes_metrics: true });
  await vi.waitFor(() => expect(app.settings.current.writes_metrics).toBe(true), { timeout: 10_000 });
});

describe("what may leave this machine", () => {
  it("is known from the key and the lock", async () => {
    expect(new App(await coreOf("key")).connections.privacy).toBe("unknown");
    expect((await started()).connections.privacy).toBe("nothing_set_up");
    const app = await started("key");
    expect(app.connections.privacy).toBe("key");
    await app.settings.save({ is_local_only: true });
    expect(app.connections.privacy).toBe("locked");
  });

  it("is asked again when the address has changed", async () => {
    const app = await started("key");
    await app.connections.save("anthropic", { base_url: "http://localhost:8787" });
    expect(app.connections.overview?.connections[0]).toMatchObject({
      host: "localhost:8787",
      is_on_this_machine: true,
    });
  });
});

it("leads to a part of the settings, and to their top afterwards", async () => {
  const app = await started();
  app.navigation.showSettings("providers");
  expect([app.navigation.screen, app.navigation.settingsPart]).toEqual(["settings", "providers"]);
  app.navigation.show("plan");
  app.navigation.show("settings");
  expect(app.navigation.settingsPart).toBeNull();
});

it("reads a library that keeps changing now and then, not every time", async () => {
  const app = await started();
  const now = await app.core.overview(null);
  const overview = vi.spyOn(app.core, "overview").mockResolvedValue(now);
  takeTimers();
  for (let change = 0; change < 30; change += 1) {
    app.overview.refreshSoon();
    await vi.advanceTimersByTimeAsync(100);
  }
  expect(overview.mock.calls.length).toBeLessThanOrEqual(7);
  overview.mockResolvedValue({ ...now, counts: { ...now.counts, all: 61 } });
  app.overview.refreshSoon();
  await vi.advanceTimersByTimeAsync(500);
  expect(app.overview.here?.counts.all).toBe(61);
});

it("answers many changes with few readings", async () => {
  const app = await started();
  const overview = vi.spyOn(app.core, "overview");
  await Promise.all(Array.from({ length: 50 }, () => app.overview.reload()));
  expect(overview.mock.calls.length).toBeLessThanOrEqual(2);
});
