import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { RunProgress, RunRequest } from "./bindings";
import { imagesWhere } from "../state/questions";
import { openFake } from "./fake";
import type { Seam } from "./seam";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const everything = imagesWhere([]);

describe("the library", () => {
  it("is as large as it is asked to be, and the same every time", async () => {
    expect((await openFake("?images=0").overview(null)).counts.all).toBe(0);
    const [one, other] = [openFake(""), openFake("")];
    expect(await one.overview(null)).toEqual(await other.overview(null));
    expect(await one.imageIds(everything)).toHaveLength(60);
    expect(await openFake("?images=100000").imageIds(everything)).toHaveLength(100_000);
  });

  it("counts what its filters find", async () => {
    const seam = openFake("?images=600");
    const { counts, collections } = await seam.overview(null);
    for (const state of ["unreviewed", "reviewed", "confirmed_empty", "failed"] as const) {
      expect(await seam.imageIds(imagesWhere([{ kind: "image", state }]))).toHaveLength(counts[state]);
      expect(counts[state]).toBeGreaterThan(0);
    }
    expect(collections.reduce((sum, collection) => sum + collection.image_count, 0)).toBe(600);
  });

  it("gives cards in the order asked for and leaves out ids that are gone", async () => {
    const cards = await openFake("").imageCards([7, 3, 999]);
    expect(cards.map(({ id }) => id)).toEqual([7, 3]);
  });

  it("puts the least certain first and images without doubts last", async () => {
    const seam = openFake("");
    const cards = await seam.imageCards(await seam.imageIds({ ...everything, order: "least_certain" }));
    const doubts = cards.map(({ annotations }) =>
      Math.min(
        2,
        ...annotations.flatMap((annotation) => (annotation.status === "proposed" ? [annotation.confidence ?? 0] : [])),
      ),
    );
    expect(doubts).toEqual([...doubts].sort((a, b) => a - b));
  });
});

it("imports the samples with progress, once", async () => {
  const seam = openFake("?images=0");
  const told = vi.fn();
  seam.on("import_changed", told);
  await seam.importSamples();
  await vi.runAllTimersAsync();
  const progress = expect.objectContaining({ added: 6, known: 0, is_finished: true });
  expect(told).toHaveBeenLastCalledWith({ kind: "import_changed", progress });
  expect((await seam.overview(null)).counts.all).toBe(6);
  await seam.importSamples();
  await vi.runAllTimersAsync();
  const again = expect.objectContaining({ added: 0, known: 6, is_finished: true });
  expect(told).toHaveBeenLastCalledWith({ kind: "import_changed", progress: again });
});

describe("a run", () => {
  it("works, pauses, resumes and completes", async () => {
    const seam = openFake("?images=0");
    await seam.importSamples();
    await vi.runAllTimersAsync();
    const run = await seam.startRun({
      images: { kind: "all" },
      recipe: 1,
      model: "nanodet-g-416",
      options: {},
      mode: "live",
      propagates_to_similar: false,
      ignores_saved_answers: false,
      pilot: null,
      budget_dollars: null,
    });
    let latest: RunProgress | undefined;
    await seam.watchRun(run, (snapshot) => (latest = snapshot));
    expect(latest).toMatchObject({ state: { kind: "running" }, total: 6, done: 0 });

    await vi.advanceTimersByTimeAsync(300);
    await seam.pauseRun(run);
    expect(latest?.state).toEqual({ kind: "stopping" });
    await vi.advanceTimersByTimeAsync(200);
    expect(latest).toMatchObject({ state: { kind: "stopped", reason: "paused" }, done: 3 });
    await expect(seam.pauseRun(run)).rejects.toMatchObject({ code: "nothing_left" });

    await seam.resumeRun({
      run,
      budget_dollars: null,
      accepts_repeats: false,
      retries_failed: false,
      gives_up_batches: false,
    });
    await vi.runAllTimersAsync();
    expect(latest).toMatchObject({ state: { kind: "stopped", reason: "completed" }, waiting: 0, left_millis: null });
    const [summary] = await seam.runs();
    expect(summary).toMatchObject({ id: run, undecided_count: latest?.annotations });
    expect(await seam.undoRun(run)).toBe(latest?.annotations);
    expect((await seam.imageCards([1, 2, 3, 4, 5, 6])).flatMap(({ annotations }) => annotations)).toEqual([]);
  });

  it("needs images", async () => {
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
    await expect(openFake("?images=0").startRun(request)).rejects.toMatchObject({ code: "no_images" });
  });
});

describe("a run elsewhere", () => {
  const request = {
    images: { kind: "all" },
    recipe: 1,
    model: "claude-haiku-5-5",
    options: {},
    mode: "live",
    propagates_to_similar: false,
    ignores_saved_answers: false,
    pilot: null,
    budget_dollars: null,
  } as const;

  it("needs a key, an agreement, and no lock", async () => {
    const seam = openFake("?priced");
    await expect(seam.startRun(request)).rejects.toMatchObject({ code: "no_key" });
    await seam.keepKey("anthropic", null, "sk-ant-1");
    await expect(seam.startRun(request)).rejects.toMatchObject({ code: "not_agreed" });
    const settings = { ...(await seam.settings()), agreed_hosts: ["api.anthropic.com"] };
    await seam.changeSettings(await seam.settings(), { ...settings, is_local_only: true });
    await expect(seam.startRun(request)).rejects.toMatchObject({ code: "local_only" });
    await seam.changeSettings(await seam.settings(), settings);
    expect(await seam.startRun(request)).toBe(3);
  });

  it("is held for a while, spends near its quote, and says what may be billed", async () => {
    const seam = openFake("?priced&key");
    await seam.changeSettings(await seam.settings(), {
      ...(await seam.settings()),
      agreed_hosts: ["api.anthropic.com"],
    });
    const run = await seam.startRun(request);
    let latest: RunProgress | undefined;
    await seam.watchRun(run, (snapshot) => (latest = snapshot));
    await vi.advanceTimersByTimeAsync(2000);
    expect(latest?.hold).toMatchObject({ kind: "rate_limited", left_millis: 2500 });
    await vi.runAllTimersAsync();
    expect(latest).toMatchObject({ hold: null, possibly_billed: { count: 1 } });
    expect(latest?.spent_dollars).toBeGreaterThan(latest?.quoted_dollars?.low ?? 0);
    expect(latest?.spent_dollars).toBeLessThan(latest?.quoted_dollars?.high ?? 0);
  });
});

describe("what a run may cost", () => {
  const request = {
    images: { kind: "all" },
    recipe: 1,
    model: "claude-haiku-5-5",
    options: {},
    mode: "live",
    propagates_to_similar: false,
    ignores_saved_answers: false,
    pilot: null,
  } as const;

  async function agreed(query: string): Promise<Seam> {
    const seam = openFake(query);
    await seam.changeSettings(await seam.settings(), {
      ...(await seam.settings()),
      agreed_hosts: ["api.anthropic.com"],
    });
    return seam;
  }

  it("is never passed: the run stops before, and goes on under a higher one", async () => {
    const seam = await agreed("?priced&key");
    const budget = 0.01;
    const run = await seam.startRun({ ...request, budget_dollars: budget });
    let latest: RunProgress | undefined;
    await seam.watchRun(run, (snapshot) => (latest = snapshot));
    expect(latest?.reserved_dollars).toBeGreaterThan(0);
    await vi.runAllTimersAsync();
    expect(latest).toMatchObject({
      state: { kind: "stopped", reason: "budget_reached" },
      budget_dollars: budget,
      reserved_dollars: 0,
    });
    expect(latest?.waiting).toBeGreaterThan(0);
    expect((latest?.spent_dollars ?? 0) + (latest?.possibly_billed.at_most_dollars ?? 0)).toBeLessThanOrEqual(budget);
    await seam.resumeRun({
      run,
      budget_dollars: 1,
      accepts_repeats: false,
      retries_failed: false,
      gives_up_batches: false,
    });
    await vi.runAllTimersAsync();
    expect(latest).toMatchObject({ state: { kind: "stopped", reason: "completed" }, budget_dollars: 1 });
  });

  it("is refused when it is too little for one image", async () => {
    const seam = await agreed("?priced&key");
    await expect(seam.startRun({ ...request, budget_dollars: 0.001 })).rejects.toMatchObject({
      code: "budget_too_small",
    });
    expect(await seam.runs()).toHaveLength(2);
  });

  it("is for a person to say where requests may be billed twice", async () => {
    const seam = await agreed("?priced&key&interrupted");
    const [before] = await seam.runs();
    expect(before?.unsettled.count).toBe(3);
    const resume = { run: 3, budget_dollars: null };
    await expect(
      seam.resumeRun({ ...resume, accepts_repeats: false, retries_failed: false, gives_up_batches: false }),
    ).rejects.toMatchObject({
      code: "unsettled",
    });
    await seam.resumeRun({ ...resume, accepts_repeats: true, retries_failed: false, gives_up_batches: false });
    await vi.runAllTimersAsync();
    const [after] = await seam.runs();
    expect(after).toMatchObject({ unsettled: { count: 0 }, possibly_billed: { count: 4 } });
  });
});

describe("a run elsewhere as it goes", () => {
  const request: RunRequest = {
    images: { kind: "all" },
    recipe: 1,
    model: "claude-haiku-5-5",
    options: {},
    mode: "live",
    propagates_to_similar: false,
    ignores_saved_answers: false,
    pilot: null,
    budget_dollars: null,
  };

  async function begun(query: string, asked: Partial<RunRequest> = {}) {
    const seam = openFake(query);
    const settings = await seam.settings();
    const agreed_hosts = [...(settings.agreed_hosts ?? []), "api.anthropic.com"];
    await seam.changeSettings(await seam.settings(), { ...settings, agreed_hosts });
    const run = await seam.startRun({ ...request, ...asked });
    const snapshots: RunProgress[] = [];
    await seam.watchRun(run, (snapshot) => snapshots.push(snapshot));
    const latest = () => snapshots.at(-1) as RunProgress;
    return { seam, run, snapshots, latest };
  }

  it("has answers that grow while they are on their way, and none of what a model here finds", async () => {
    const { snapshots } = await begun("?priced&key");
    await vi.runAllTimersAsync();
    const lengths = new Map<number, number[]>();
    for (const { in_flight } of snapshots)
      for (const { image, preview } of in_flight) lengths.set(image, [...(lengths.get(image) ?? []), preview.length]);
    expect([...lengths.values()].some((each) => each[0] === 0 && (each.at(-1) ?? 0) > 1)).toBe(true);
    for (const each of lengths.values()) expect(each).toEqual([...each].sort((one, other) => one - other));
    const here = await begun("?priced&key", { model: "nanodet-g-416" });
    expect(here.latest().in_flight.every(({ preview }) => preview.length === 0)).toBe(true);
    expect(here.latest().endpoints).toEqual([]);
  });

  it("finds out how many go at once, and halves that when it is refused", async () => {
    const { latest } = await begun("?priced&key&images=240");
    const first = latest().endpoints[0];
    expect(first).toMatchObject({ name: "api.anthropic.com", is_adaptive: true, requests_per_minute: null });
    await vi.advanceTimersByTimeAsync(1400);
    const grown = latest().concurrency;
    expect(grown).toBeGreaterThan(first?.concurrency ?? 0);
    await vi.advanceTimersByTimeAsync(600);
    expect(latest().concurrency).toBeLessThan(grown);
    expect(latest().endpoints[0]).toMatchObject({ requests_per_minute: 1000, hold: { kind: "rate_limited" } });
    const set = await begun("?priced&key&images=240", { options: { concurrency: 9 } });
    expect(set.latest().endpoints[0]).toMatchObject({ concurrency: 9, under_way: 9, is_adaptive: false });
  });

  it("goes on by its other ways while one is held, and without one that is closed", async () => {
    const { latest } = await begun("?priced&key&endpoints&closed&images=240");
    await vi.advanceTimersByTimeAsync(2000);
    const { endpoints, hold, done } = latest();
    expect(endpoints.map(({ name }) => name)).toEqual(["api.anthropic.com", "Frankfurt", "Second account"]);
    expect([endpoints[0]?.hold?.kind, endpoints[1]?.hold, endpoints[2]?.failure?.problem]).toEqual([
      "rate_limited",
      null,
      "key_rejected",
    ]);
    expect(hold).toBeNull();
    await vi.advanceTimersByTimeAsync(500);
    expect(latest().done).toBeGreaterThan(done);
  });

  it("tries failed images again where that makes sense, when somebody says so", async () => {
    const { seam, run, latest } = await begun("?priced&key&images=400");
    await vi.runAllTimersAsync();
    const worth = latest().failures.filter(({ is_worth_retrying }) => is_worth_retrying);
    const [summary] = await seam.runs();
    expect(summary?.retryable).toBe(worth.reduce((sum, { count }) => sum + count, 0));
    const resume = { run, budget_dollars: null, accepts_repeats: false };
    await expect(seam.resumeRun({ ...resume, retries_failed: false, gives_up_batches: false })).rejects.toMatchObject({
      code: "nothing_left",
    });
    await seam.resumeRun({ ...resume, retries_failed: true, gives_up_batches: false });
    await vi.runAllTimersAsync();
    expect(latest().failures.map(({ kind }) => kind)).toEqual(["declined"]);
    expect(latest().done + latest().failed).toBe(400);
    await expect(seam.resumeRun({ ...resume, retries_failed: true, gives_up_batches: false })).rejects.toMatchObject({
      code: "nothing_left",
    });
  });

  it("pays nothing for answers of earlier runs, unless it asks anew", async () => {
    const { seam, latest } = await begun("?priced&key");
    await vi.runAllTimersAsync();
    const { done, spent_dollars: spent } = latest();
    const again = await seam.startRun(request);
    let second: RunProgress | undefined;
    await seam.watchRun(again, (snapshot) => (second = snapshot));
    await vi.runAllTimersAsync();
    expect(second?.reused).toBe(done);
    expect(second?.spent_dollars).toBeLessThan(spent / 4);
    const anew = await seam.startRun({ ...request, ignores_saved_answers: true });
    await seam.watchRun(anew, (snapshot) => (second = snapshot));
    await vi.runAllTimersAsync();
    expect(second?.reused).toBe(0);
    expect(second?.spent_dollars).toBeGreaterThan(spent / 2);
  });

  it("carries annotations over to images that look alike", async () => {
    const { seam, run, latest } = await begun("?priced&key&similar", { propagates_to_similar: true });
    await vi.runAllTimersAsync();
    const { propagated, done, failed } = latest();
    expect(propagated).toBeGreaterThan(0);
    expect(done + failed).toBe(60);
    const ids = await seam.imageIds(imagesWhere([{ kind: "run", run }]));
    const annotations = (await seam.imageCards(ids)).flatMap((card) =>
      card.annotations.map((annotation) => ({ annotation, image: card.id })),
    );
    const over = annotations.filter(({ annotation }) => annotation.propagated_from !== null);
    expect(over.length).toBeGreaterThan(0);
    for (const { annotation, image } of over) expect(annotation.propagated_from).toBe(image - 6);
  });

  it("goes through its batches batch, at half the price", async () => {
    const { snapshots, latest } = await begun("?priced&key", { mode: "batch" });
    const live = await begun("?priced&key");
    expect(latest().quoted_dollars?.expected).toBeCloseTo((live.latest().quoted_dollars?.expected ?? 0) / 2, -1);
    await vi.runAllTimersAsync();
    const stages = new Set(snapshots.flatMap(({ batches }) => batches.map(({ stage }) => stage)));
    expect([...stages]).toEqual(["unconfirmed", "working", "ended"]);
    expect(latest().batches.map(({ images, finished }) => [images, finished])).toEqual([
      [20, 20],
      [20, 20],
      [20, 20],
    ]);
    expect(latest()).toMatchObject({ mode: "batch", rate_history: [], in_flight: [] });
  });
});

it("keeps the keys of additional endpoints apart from that of the connection", async () => {
  const seam = openFake("?endpoints");
  const [connection] = (await seam.connections()).connections;
  const keys = [connection?.key, ...(connection?.endpoints ?? []).map(({ key }) => key)];
  expect(keys).toEqual([null, "keychain", "keychain", null]);
  const [kept] = (await seam.keepKey("anthropic", "https://gateway.example/claude", "sk-ant-1")).connections;
  expect([kept?.key, kept?.endpoints[2]?.key]).toEqual([null, "keychain"]);
  const settings = await seam.settings();
  await seam.changeSettings(await seam.settings(), { ...settings, agreed_hosts: [] });
  expect((await seam.connections()).connections[0]?.endpoints[0]?.problem).toMatch(/not agreed/u);
  const broken = [{ id: "anthropic", endpoints: [{ name: "Broken", base_url: "nonsense" }] }];
  await expect(seam.changeSettings(await seam.settings(), { ...settings, providers: broken })).rejects.toMatchObject({
    code: "address",
  });
});

it("keeps nothing of a key but what a server would say to it", async () => {
  const seam = openFake("?key");
  expect(await seam.checkConnection("anthropic")).toMatchObject({ kind: "works" });
  expect(await seam.keepKey("anthropic", null, "sk-ant-wrong")).toMatchObject({ connections: [{ key: "keychain" }] });
  expect(await seam.checkConnection("anthropic")).toEqual({ kind: "key_rejected" });
  expect(await seam.forgetKey("anthropic", null)).toMatchObject({ connections: [{ key: null }] });
  expect(await seam.checkConnection("anthropic")).toEqual({ kind: "no_key" });
});

describe("a decision", () => {
  it("is about every proposal, and can be taken back", async () => {
    const seam = openFake("");
    const [image = 0] = await seam.imageIds({ ...everything, order: "least_certain" });
    const [before] = await seam.imageCards([image]);
    const decided = await seam.decide({ image, scope: { kind: "image" }, verdict: { kind: "accept" } });
    expect(decided.image.review).toBe("reviewed");
    expect(decided.image.annotations.every(({ status }) => status === "accepted")).toBe(true);
    const undone = await seam.undoLatest();
    expect(undone).toEqual({ ...decided, image: before });
    expect(await seam.undoLatest()).toBeNull();
    expect(await seam.redoOn(image)).toEqual(decided);
  });

  it("about one annotation leaves the image open until the last", async () => {
    const seam = openFake("");
    const ids = await seam.imageIds(everything);
    const card = (await seam.imageCards(ids)).find(
      ({ annotations }) => annotations.filter(({ status }) => status === "proposed").length === 2,
    );
    const [first, second] = card?.annotations ?? [];
    const reject = { kind: "reject", reason: "bad_box" } as const;
    const image = card?.id ?? 0;
    const one = await seam.decide({ image, scope: { kind: "annotation", id: first?.id ?? 0 }, verdict: reject });
    expect(one.image.review).toBe("unreviewed");
    expect(one.image.annotations[0]).toMatchObject({ status: "rejected", reject_reason: "bad_box" });
    const other = await seam.decide({
      image,
      scope: { kind: "annotation", id: second?.id ?? 0 },
      verdict: { kind: "accept" },
    });
    expect(other.image.review).toBe("reviewed");
  });

  it("confirms an image without annotations as empty", async () => {
    const seam = openFake("");
    const cards = await seam.imageCards(await seam.imageIds(everything));
    const image = cards.find((card) => card.annotations.length === 0 && card.review === "unreviewed")?.id ?? 0;
    const decided = await seam.decide({ image, scope: { kind: "image" }, verdict: { kind: "accept" } });
    expect(decided.image.review).toBe("confirmed_empty");
  });
});

it("quotes what a model will not do", async () => {
  const seam = openFake("");
  const bird = await seam.quote({
    images: { kind: "all" },
    recipe: 2,
    propagates_to_similar: false,
    ignores_saved_answers: false,
    options: {},
    pilot: null,
    budget_dollars: null,
  });
  expect(bird.models[0]).toMatchObject({ can_run: false });
  expect(bird.models[0]?.unsupported_capabilities.map(({ kind }) => kind)).toEqual(["attributes", "unknown_labels"]);
  const typed = await seam.saveTypedRecipe("bicycle bell, zebra finch");
  const unknown = await seam.quote({
    images: { kind: "all" },
    recipe: typed.id,
    propagates_to_similar: false,
    ignores_saved_answers: false,
    options: {},
    pilot: null,
    budget_dollars: null,
  });
  expect(unknown.models[0]).toMatchObject({ can_run: false, unsupported_capabilities: [{ kind: "no_known_label" }] });
  expect(await seam.saveTypedRecipe("bicycle bell,zebra finch")).toEqual(typed);
});

describe("two sides", () => {
  const [first, second] = [
    { kind: "run", run: 2 },
    { kind: "run", run: 1 },
  ] as const;

  it("differ in every way, and what one of them found can be adopted and taken back", async () => {
    const seam = openFake("images=120");
    const { differing, things } = await seam.compareSides(first, second);
    expect(Object.values(things).every((number) => number > 0)).toBe(true);
    const image = differing[0] as number;
    const found = (await seam.compareImage(image, first, second)).find(({ agreement }) => agreement === "only_second");
    const { label, shape, attributes, confidence } = found?.second ?? never();
    const content = { label, shape, attributes };
    const step = await seam.editAnnotations({ image, changes: [{ kind: "adopt", run: 1, content, confidence }] });
    expect(step.image.annotations.at(-1)).toMatchObject({
      id: step.annotations[0],
      origin: second,
      status: "accepted",
      label,
    });
    const linked = (await seam.compareImage(image, first, second)).map((pair) => pair.second?.annotation ?? null);
    expect(linked).toContain(step.annotations[0]);
    await seam.undoLatest();
    const after = await seam.compareImage(image, first, second);
    expect(after.every((pair) => pair.second?.annotation == null)).toBe(true);
  });

  it("are only compared where both have looked", async () => {
    const seam = openFake("images=120");
    const decided = await seam.compareSides(first, { kind: "decided" });
    const reviewed = await seam.imageIds({
      collection: null,
      conditions: [{ is_excluded: true, test: { kind: "image", state: "unreviewed" } }],
      order: "added",
    });
    expect(decided.images).toBeLessThanOrEqual(reviewed.length);
    expect(decided.differing.every((image) => reviewed.includes(image))).toBe(true);
  });
});

function never(): never {
  throw new Error("there is none");
}
