import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type {
  EndpointFailure,
  FailureGroup,
  HookRun,
  ImageCard,
  ImageId,
  LayerScope,
  EndpointState,
  RunId,
  RunProgress,
  RunState,
  RunSummary,
  SpentAt,
} from "../api/bindings";
import { words } from "../messages";
import { figuresOf } from "./figures";
import { needsOf } from "./needs";
import { numberFrom, strictest } from "./pace";
import { costHeading, mayResume, ownStop, retryable, type RunCore, runToShow, RunView, stateName } from "./run.svelte";

function summary(id: RunId, state: RunState): RunSummary {
  return {
    id,
    description: { name: "", tags: [] },
    state,
    stop_detail: null,
    model: "m",
    model_name: "Model",
    recipe_name: "Recipe",
    destination: { kind: "this_machine" },
    mode: "live",
    started_at: 0,
    total: 10,
    done: 4,
    failed: 1,
    waiting: 5,
    annotation_count: 9,
    propagated_count: 0,
    undecided_count: 9,
    reviewed_count: 0,
    quoted_dollars: null,
    is_cost_likely: null,
    paid_dollars: 0,
    usage: {
      input_tokens: 0,
      output_tokens: 0,
      cache_write_5m_tokens: 0,
      cache_write_1h_tokens: 0,
      cache_read_tokens: 0,
      thinking_tokens: 0,
    },
    possibly_billed: { count: 0, at_most_dollars: 0 },
    budget_dollars: null,
    unsettled: { count: 0, at_most_dollars: 0 },
    cut_short: 0,
    retryable: 0,
    reused: 0,
    propagated: 0,
    retries: 0,
    asked: 0,
    p50_millis: null,
    p95_millis: null,
    rate_per_minute: null,
  };
}

function snapshot(run: RunId, state: RunState, inFlight: ImageId[], answered: ImageId[]): RunProgress {
  return {
    run,
    state,
    stop_detail: null,
    model: "nanodet-g-416",
    model_name: "Model",
    recipe_name: "Recipe",
    destination: { kind: "this_machine" },
    started_at: 0,
    elapsed_millis: 1000,
    left_millis: null,
    total: 10,
    done: answered.length,
    failed: 0,
    in_flight: inFlight.map((image) => ({ image, since_millis: 5, size: { width: 1, height: 1 }, preview: [] })),
    waiting: 10 - answered.length - inFlight.length,
    prepared: 0,
    reused: 0,
    propagated: 0,
    annotations: 0,
    rate_per_minute: 0,
    rate_window_millis: 1000,
    p50_millis: null,
    p95_millis: null,
    concurrency: 2,
    mode: "live",
    endpoints: [],
    batches: [],
    unknown_batches: { count: 0, at_most_dollars: 0 },
    quoted_dollars: null,
    spent_dollars: 0,
    possibly_billed: { count: 0, at_most_dollars: 0 },
    budget_dollars: null,
    reserved_dollars: 0,
    largest_request_dollars: 0,
    unsettled: { count: 0, at_most_dollars: 0 },
    hold: null,
    pending_elsewhere: [],
    retried: [],
    cut_short: 0,
    failures: [],
    just_answered: answered.map((image) => ({ image, annotation_count: 1, took_millis: 80 })),
    rate_history: [],
    duration_history: [],
    failed_hooks: [],
  };
}

const WRONG_KEY: EndpointFailure = { problem: "key_rejected", detail: "invalid x-api-key", again_in_millis: 2000 };
const RUNNING: RunState = { kind: "running" };
const COMPLETED: RunState = { kind: "stopped", reason: "completed" };

class Core implements RunCore {
  readonly asked: ImageId[][] = [];
  readonly layers: LayerScope[] = [];
  readonly watchers = new Map<RunId, (progress: RunProgress) => void>();
  summaries: RunSummary[] = [];

  runs = (): Promise<RunSummary[]> => Promise.resolve(this.summaries);

  watchRun = (run: RunId, progress: (snapshot: RunProgress) => void): Promise<() => void> => {
    this.watchers.set(run, progress);
    return Promise.resolve(() => void this.watchers.delete(run));
  };

  spentHistory = (): Promise<SpentAt[]> => Promise.resolve([]);

  imageCards = (ids: ImageId[], layers: LayerScope): Promise<ImageCard[]> => {
    this.asked.push(ids);
    this.layers.push(layers);
    const size = { width: 1, height: 1 };
    return Promise.resolve(
      ids.map((id) => ({
        id,
        name: `${id}.jpg`,
        size,
        review: "unreviewed",
        taken: null,
        is_annotated: true,
        is_running: false,
        failure: null,
        annotations: [],
      })),
    );
  };
}

describe("which run to show", () => {
  it("is the one that goes on, else one that was interrupted, else the newest", () => {
    const newest = summary(3, COMPLETED);
    const broken = summary(2, { kind: "interrupted" });
    const going = summary(1, RUNNING);
    expect(runToShow([newest, broken, going])).toBe(1);
    expect(runToShow([newest, broken])).toBe(2);
    expect(runToShow([newest])).toBe(3);
    expect(runToShow([])).toBeNull();
  });

  it("can be resumed when it rests and something waits", () => {
    expect(mayResume(RUNNING, 3)).toBe(false);
    expect(mayResume({ kind: "stopping" }, 3)).toBe(false);
    expect(mayResume({ kind: "interrupted" }, 3)).toBe(true);
    expect(mayResume({ kind: "stopped", reason: "cancelled" }, 3)).toBe(true);
    expect(mayResume(COMPLETED, 0)).toBe(false);
    expect(stateName({ kind: "stopped", reason: "paused" })).toBe("paused");
  });
});

describe("following a run", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("asks for pictures in batches, at a pace that eyes follow, and again once they are answered", async () => {
    const core = new Core();
    const view = new RunView(core, () => undefined);
    await view.follow(7);
    const tell = core.watchers.get(7);
    tell?.(snapshot(7, RUNNING, [1, 2], []));
    await vi.advanceTimersByTimeAsync(0);
    expect(core.asked).toEqual([[1, 2]]);
    expect(core.layers, "with the annotations of this run").toEqual([{ kind: "runs", runs: [7] }]);
    for (let answered = 1; answered <= 4; answered += 1) {
      tell?.(snapshot(7, RUNNING, [answered + 1, answered + 2], [answered]));
    }
    expect(view.progress?.just_answered[0]?.image).toBe(4);
    expect(view.justAnswered).toEqual([]);
    await vi.advanceTimersByTimeAsync(1000);
    expect(core.asked).toEqual([
      [1, 2],
      [4, 5, 6],
    ]);
    expect(view.justAnswered.map(({ image }) => image)).toEqual([4]);
    expect([...view.cards.keys()].sort()).toEqual([4, 5, 6]);
  });

  it("shows the end at once", async () => {
    const core = new Core();
    const view = new RunView(core, () => undefined);
    await view.follow(7);
    core.watchers.get(7)?.(snapshot(7, RUNNING, [1], []));
    core.watchers.get(7)?.(snapshot(7, COMPLETED, [], [1]));
    await vi.advanceTimersByTimeAsync(0);
    expect(view.state).toBe("completed");
    expect(view.inFlight).toEqual([]);
    expect(view.justAnswered).toHaveLength(1);
  });

  it("stops listening to a run that is no longer shown", async () => {
    const core = new Core();
    const view = new RunView(core, () => undefined);
    await view.follow(7);
    await view.follow(8);
    expect([...core.watchers.keys()]).toEqual([8]);
    view.leave();
    expect(core.watchers.size).toBe(0);
  });

  it("knows that there has been no run, and tells of a refusal", async () => {
    const core = new Core();
    const refusals: unknown[] = [];
    const view = new RunView(core, (refusal) => refusals.push(refusal));
    await view.follow(null);
    expect(view.isEmpty).toBe(true);
    core.runs = () => Promise.reject({ code: "library_busy", message: "" });
    await view.follow(null);
    expect(refusals).toEqual([{ code: "library_busy", message: "" }]);
  });
});

describe("a run elsewhere", () => {
  it("that ended by itself is told from one that a person ended", () => {
    expect(ownStop({ kind: "stopped", reason: "key_rejected" })).toBe("key_rejected");
    expect(ownStop({ kind: "stopped", reason: "paused" })).toBeNull();
    expect(ownStop(RUNNING)).toBeNull();
  });

  it("heads for a cost once something was paid", () => {
    const begun = snapshot(7, RUNNING, [], []);
    expect(costHeading(begun)).toBeNull();
    expect(costHeading({ ...begun, done: 3, failed: 1, spent_dollars: 8 })).toBe(20);
  });

  it("says how long it is held, and by what", () => {
    const hold = { kind: "unreachable", left_millis: 1200, detail: "connection refused" } as const;
    expect(words.run.hold(hold, "localhost:8787")).toBe("localhost:8787 cannot be reached: trying again in 2 s");
    expect(words.run.hold({ ...hold, kind: "rate_limited", left_millis: 0 }, "")).toBe(
      "Rate limit reached: sending again now",
    );
  });

  it("says that its budget is reached, and by what", () => {
    const cent = 0.01;
    expect(words.run.budget.reached(60 * cent, 58 * cent, 0, 0.4 * cent)).toBe(
      "The budget of $0.60 is reached: $0.5800 paid, and the next request could exceed it. Raise it to continue.",
    );
    expect(words.run.budget.reached(60 * cent, 50 * cent, cent, 20 * cent)).toBe(
      "The budget of $0.60 is reached: $0.50 paid, up to $0.01 more may be billed, and the next request could exceed it. Raise it to continue.",
    );
  });

  it("says how far it is from its quote", () => {
    expect(words.run.againstQuote(0.984)).toBe("1.6 % under quote");
    expect(words.run.againstQuote(1.25)).toBe("25 % over quote");
    expect(words.run.againstQuote(1)).toBe("as quoted");
  });
});

describe("many in flight", () => {
  it("are shown the longest first, as many as two rows hold", async () => {
    const core = new Core();
    const view = new RunView(core, () => undefined);
    await view.follow(7);
    const busy = snapshot(
      7,
      RUNNING,
      Array.from({ length: 64 }, (_, place) => place + 1),
      [],
    );
    const in_flight = busy.in_flight.map((each) => ({ ...each, since_millis: each.image * 10 }));
    core.watchers.get(7)?.({ ...busy, in_flight });
    await vi.waitFor(() => expect(view.inFlight).toHaveLength(12));
    expect(view.inFlight[0]?.image).toBe(64);
    expect(view.moreInFlight).toBe(52);
    expect(core.asked[0]).toHaveLength(12);
  });
});

describe("another try of what failed", () => {
  const group = { count: 3, example: "", example_image: "" };
  const failures: FailureGroup[] = [
    { ...group, kind: "model_failed", is_worth_retrying: true, suggests_calibration: false },
    { ...group, kind: "declined", is_worth_retrying: false, suggests_calibration: false },
  ];

  it("is for those for which it makes sense, once the run rests", async () => {
    expect(retryable(failures)).toBe(3);
    const core = new Core();
    const view = new RunView(core, () => undefined);
    await view.follow(7);
    core.watchers.get(7)?.({ ...snapshot(7, RUNNING, [], []), failures });
    expect(view.retryable).toBe(0);
    core.watchers.get(7)?.({ ...snapshot(7, COMPLETED, [], []), failures });
    expect(view.retryable).toBe(3);
  });
});

describe("the ways to a model", () => {
  const endpoint: EndpointState = {
    name: "api.anthropic.com",
    under_way: 2,
    concurrency: 4,
    is_adaptive: true,
    requests_per_minute: null,
    hold: null,
    failure: null,
  };

  it("have the strictest limit of those that are open", () => {
    const limited = { ...endpoint, requests_per_minute: 600 };
    expect(strictest([endpoint])).toBeNull();
    expect(strictest([endpoint, limited, { ...limited, requests_per_minute: 1000 }])).toBe(600);
    expect(strictest([endpoint, { ...limited, failure: WRONG_KEY }])).toBeNull();
  });

  it("say whether their number is found out, where all agree", () => {
    const set = { ...endpoint, is_adaptive: false };
    expect([[endpoint], [set, set], [endpoint, set], []].map(numberFrom)).toEqual(["found_out", "set", null, null]);
  });
});

describe("what a run needs", () => {
  const stopped = (reason: "no_credit" | "budget_reached" | "paused"): RunProgress =>
    snapshot(7, { kind: "stopped", reason }, [], [1]);

  it("is named when it stopped for credit or its budget", () => {
    expect(needsOf(stopped("no_credit"))).toMatchObject({ isStopped: true, budget: null, count: 1 });
    expect(needsOf({ ...stopped("budget_reached"), budget_dollars: 5 })).toMatchObject({ budget: 5, count: 1 });
    expect(needsOf(snapshot(7, { kind: "interrupted" }, [], [1]))).toMatchObject({ isStopped: true, count: 1 });
  });

  it("is nothing after a pause, and once nothing is left", () => {
    expect(needsOf(stopped("paused")).count).toBe(0);
    expect(needsOf({ ...stopped("no_credit"), total: 1 }).count).toBe(0);
  });

  it("takes in endpoints that fail while others work, and hooks that failed", () => {
    const endpoint = { name: "Frankfurt", under_way: 0, concurrency: 4, is_adaptive: true, requests_per_minute: null };
    const endpoints = [
      { ...endpoint, hold: null, failure: null },
      { ...endpoint, hold: null, failure: WRONG_KEY },
    ];
    const hook: HookRun = {
      run: 7,
      event: "after_run",
      command: "false",
      started_at: 0,
      millis: 1,
      ending: { kind: "exited", code: 1 },
      output: "",
    };
    const needs = needsOf({ ...snapshot(7, RUNNING, [], []), endpoints, failed_hooks: [hook] });
    expect([needs.failing.length, needs.count]).toEqual([1, 2]);
  });
});

describe("the figures of a live run", () => {
  const of = (progress: RunProgress, isWorking: boolean, name: string) =>
    figuresOf(progress, isWorking, 0).find((figure) => figure.name === name);

  it("promise no end while no image finishes", () => {
    const stalled = { ...snapshot(7, RUNNING, [1], [2]), left_millis: null };
    expect(of(stalled, true, "Time left")).toMatchObject({ value: "–", note: "waiting for images to finish" });
    expect(of(snapshot(7, RUNNING, [1], []), true, "Time left")?.value).toBe("Measuring");
  });

  it("say over which time the rate is, and take it from the core", () => {
    const progress = { ...snapshot(7, RUNNING, [1], [2]), rate_per_minute: 62, rate_window_millis: 10_000 };
    expect(of(progress, true, "Rate")).toMatchObject({ value: "62 / min", note: "last 10 s" });
    expect(of(progress, false, "Rate")).toMatchObject({ value: "62 / min", note: "over the whole run" });
    // An idle run without a rate has none to show.
    expect(of({ ...progress, rate_per_minute: 0 }, false, "Rate")?.value).toBe("–");
  });
});

describe("the figures of a batch run", () => {
  it("never say that no time has passed since the start", () => {
    const progress: RunProgress = { ...snapshot(7, RUNNING, [], []), mode: "batch" };
    expect(figuresOf(progress, true, 500)[0]?.value).toBe("under 1 min");
  });

  it("are of its batches, not of its rate", () => {
    const batch = { stage: "working", images: 100, finished: 40, submitted_at: 0, expires_at: null } as const;
    const progress: RunProgress = {
      ...snapshot(7, RUNNING, [], []),
      mode: "batch",
      batches: [{ ...batch, stage: "ended", finished: 100 }, batch],
    };
    const figures = figuresOf(progress, true, 2 * 3_600_000 + 59_000);
    expect(figures.map(({ name, value }) => [name, value])).toEqual([
      ["Since the start", "2 h"],
      ["Batches", "1 of 2"],
      ["With the vendor", "60"],
      ["Annotations", "0"],
    ]);
    expect(figuresOf(snapshot(7, RUNNING, [], []), true, 0)[1]?.name).toBe("Rate");
  });
});
