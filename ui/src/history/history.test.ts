import { describe, expect, it } from "vitest";

import { readingsAt } from "../charts/spec";
import type { OutputLimit, DurationBin, RunId, RunReport, RunSummary } from "../api/bindings";
import { words } from "../messages";
import { EVERY_DIAGNOSIS } from "../../test/diagnoses";
import { estimateRecord, paidOf, partOfQuote, tokensOf, whiskerScale } from "./cost";
import { flags, histogramChart, placeOf } from "./histogram";
import { History, type HistoryCore } from "./history.svelte";
import { sortValue } from "./runList";

function summary(id: RunId): RunSummary {
  return {
    id,
    description: { name: "", tags: [] },
    state: { kind: "stopped", reason: "completed" },
    stop_detail: null,
    model: "m",
    model_name: "Model",
    recipe_name: "Recipe",
    destination: { kind: "this_machine" },
    mode: "live",
    started_at: 0,
    total: 1,
    done: 1,
    failed: 0,
    waiting: 0,
    annotation_count: 1,
    propagated_count: 0,
    undecided_count: 1,
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

class Core implements HistoryCore {
  list = [3, 2, 1];
  undone: RunId[] = [];

  runs = (): Promise<RunSummary[]> => Promise.resolve(this.list.map(summary));
  runReport = async (run: RunId): Promise<RunReport> => {
    // The newest report takes longest, and must not replace one requested later.
    for (let turn = 0; turn < run; turn += 1) await Promise.resolve();
    return {
      summary: summary(run),
      metrics: null,
      failures: [],
      cut_off: null,
      unchecked: 0,
      requests: 0,
      requests_per_image: 1,
      failed_images: [],
      retried: [],
      repairs: [],
      dropped: [],
      labels: [],
      durations: [],
      diagnoses: [],
      endpoints: [],
      batches: [],
      unknown_batches: { count: 0, at_most_dollars: 0 },
      hooks: [],
    };
  };
  undoRun = (run: RunId): Promise<number> => {
    this.undone.push(run);
    return Promise.resolve(5);
  };
  saveMetrics = (run: RunId): Promise<string | null> => Promise.resolve(run === 1 ? null : `/m/${run}.json`);
  browser = null;
  saveReport = (run: RunId): Promise<string | null> => Promise.resolve(`/r/${run}/report.html`);
  readyReport = (): Promise<string> => Promise.reject(new Error("no browser"));
  describeRun: HistoryCore["describeRun"] = (_, description) => Promise.resolve(description);
  runSeries: HistoryCore["runSeries"] = (runs) =>
    Promise.resolve(runs.map((run) => ({ run, elapsed_millis: 1000, rates: [], durations: [], spent: [] })));
  resumeRun = (): Promise<null> => Promise.reject({ code: "run_busy", message: "" });
  watched: RunId[] = [];
  watchRun = (run: RunId): Promise<() => void> => {
    this.watched.push(run);
    return Promise.resolve(() => void (this.watched = this.watched.filter((each) => each !== run)));
  };
}

function opened(): { core: Core; history: History; refusals: unknown[] } {
  const core = new Core();
  const refusals: unknown[] = [];
  return { core, refusals, history: new History(core, (refusal) => refusals.push(refusal)) };
}

describe("history", () => {
  it("selects the newest run, or the one asked for, and keeps the selection", async () => {
    const { core, history } = opened();
    await history.load();
    expect(history.report?.summary.id).toBe(3);
    await history.load(1);
    expect(history.selected).toBe(1);
    core.list = [4, 3, 2, 1];
    await history.load();
    expect(history.selected).toBe(1);
    expect(history.runs).toHaveLength(4);
  });

  it("watches the selected run alone, and none when it is left", async () => {
    const { core, history } = opened();
    await history.load();
    await history.load();
    expect(core.watched).toEqual([3]);
    await Promise.all([history.move(1), history.move(1)]);
    expect(core.watched).toEqual([1]);
    history.stop();
    expect(core.watched).toEqual([]);
  });

  it("moves within the list and shows the report of where it ended", async () => {
    const { history } = opened();
    await history.load();
    await Promise.all([history.move(1), history.move(1)]);
    expect(history.selected).toBe(1);
    expect(history.report?.summary.id).toBe(1);
    await history.move(1);
    expect(history.selected).toBe(1);
    await history.move(-1);
    expect(history.selected).toBe(2);
  });

  it("undoes the selected run and says how much", async () => {
    const { core, history } = opened();
    await history.load(2);
    expect(await history.undo()).toBe(5);
    expect(core.undone).toEqual([2]);
  });

  it("tells where the metrics are, nothing when cancelled, and what was refused", async () => {
    const { history, refusals } = opened();
    await history.load(2);
    expect(await history.saveMetrics()).toBe("/m/2.json");
    await history.select(1);
    expect(await history.saveMetrics()).toBeNull();
    expect(
      await history.resume({
        run: 1,
        budget_dollars: null,
        accepts_repeats: false,
        retries_failed: false,
        gives_up_batches: false,
      }),
    ).toBe(false);
    expect(refusals).toHaveLength(1);
  });

  it("is empty without runs", async () => {
    const { core, history } = opened();
    core.list = [];
    await history.load();
    expect(history.isLoaded).toBe(true);
    expect(history.report).toBeNull();
  });
});

describe("a quote against what was paid", () => {
  const quoted = { likely_low: 60, expected: 100, likely_high: 150, at_most: 800 };

  it("is told once the run is through", () => {
    const run = { ...summary(1), quoted_dollars: quoted, paid_dollars: 95 };
    expect(partOfQuote(run)).toBe(0.95);
    expect(words.history.deviation(0.95)).toBe("5 % under");
    expect(words.history.deviation(1.2)).toBe("20 % over");
    expect(partOfQuote({ ...run, total: 2 })).toBeNull();
    expect(partOfQuote({ ...run, quoted_dollars: null })).toBeNull();
    expect(
      partOfQuote({ ...run, quoted_dollars: { likely_low: 0, expected: 0, likely_high: 0, at_most: 0 } }),
    ).toBeNull();
  });

  it("is not compared, nor sorted as nothing, while the cost is unknown", () => {
    const elsewhere: RunSummary = {
      ...summary(1),
      destination: { kind: "host", name: "example.org", is_on_this_machine: false },
    };
    const unpriced = elsewhere;
    const unreported = { ...elsewhere, quoted_dollars: quoted, possibly_billed: { count: 1, at_most_dollars: 800 } };
    for (const run of [unpriced, unreported]) {
      expect(paidOf(run)).toBeNull();
      expect(sortValue(run, "paid")).toBeNull();
    }
    expect(sortValue(summary(1), "paid")).toBe(0);
    expect(sortValue({ ...unreported, paid_dollars: 95 }, "paid")).toBe(95);
  });

  it("stays on its scale, however far off", () => {
    expect(whiskerScale(quoted, 95)).toEqual({ from: 60, to: 800 });
    expect(whiskerScale(quoted, 20)).toEqual({ from: 20, to: 800 });
    expect(whiskerScale(quoted, 900)).toEqual({ from: 60, to: 900 });
    for (const paid of [0, null]) expect(whiskerScale(quoted, paid)).toEqual({ from: 60, to: 800 });
  });

  it("tells how often the cost was in the likely range", () => {
    const ended = [true, true, false, null].map((is_cost_likely) => ({ ...summary(1), is_cost_likely }));
    expect(estimateRecord(ended)).toEqual({ runs: 3, inRange: 2 });
    expect(words.history.estimates(2, 3)).toBe("cost in the likely range in 2 of 3 runs");
  });

  it("counts every kind of input as prompt", () => {
    const usage = {
      input_tokens: 1,
      output_tokens: 7,
      cache_write_5m_tokens: 20,
      cache_write_1h_tokens: 0,
      cache_read_tokens: 300,
      thinking_tokens: 0,
    };
    expect(tokensOf(usage)).toEqual({ in: 321, cached: 300, out: 7, thinking: 0 });
  });
});

describe("what to change", () => {
  const said = EVERY_DIAGNOSIS.map(({ finding }) => words.diagnoses.finding(finding));

  it("is told of every kind in its own words, with the run's own numbers", () => {
    expect(new Set(said.map(({ title }) => title)).size).toBe(EVERY_DIAGNOSIS.length);
    for (const { note } of said) expect(note).toMatch(/^[A-Z0-9].*\d.*\.$/);
    expect(
      words.diagnoses.finding({
        kind: "rate_limited",
        refusals: 0,
        overloads: 0,
        held_millis: 81_000,
        share: 0.38,
        limit: null,
      }),
    ).toEqual({ title: "Slowed by the server’s rate limit", note: "For 1 min 21 s, 38 % of the time." });
  });

  it("tells refusals and overloads apart, and repeated requests as a count of the images there were", () => {
    const held = words.diagnoses.finding({
      kind: "rate_limited",
      refusals: 1,
      overloads: 11,
      held_millis: 81_000,
      share: 0.38,
      limit: null,
    });
    expect(held.note).toBe("For 1 min 21 s, 38 % of the time; 1 request refused, 11 requests overloaded (529).");
    const repeated = words.diagnoses.finding({
      kind: "retries_high",
      repeated: 24,
      asked: 12,
      by_kind: [{ kind: "connection_lost", count: 24 }],
    });
    expect(repeated.note).toBe("24 retries for 12 images: Connection lost before the answer (24).");
  });

  it("says how much room answers had that were cut off", () => {
    const cutShort = (room: OutputLimit): string =>
      words.diagnoses.finding({ kind: "answers_cut_short", count: 31, share: 0.15, room }).note;
    expect(cutShort({ kind: "more" })).toBe("31 answers even with a higher limit, 15 % of the images.");
    expect(cutShort({ kind: "own_maximum", tokens: 600 })).toBe(
      "31 answers at your maximum of 600 tokens, 15 % of the images.",
    );
    expect(cutShort({ kind: "usual" })).toBe("31 answers, 15 % of the images.");
  });

  it("names the value where the numbers say one", () => {
    expect(words.diagnoses.change({ kind: "raise_concurrency", to: 20 })).toBe(
      "Set the concurrency to 20 or to automatic",
    );
    expect(words.diagnoses.change({ kind: "raise_max_tokens", than: 600 })).toContain("above 600:");
    expect(words.diagnoses.change({ kind: "longer_idle_timeout", to_millis: 80_000 })).toContain("1 min 20 s");
    expect(words.diagnoses.change({ kind: "limit_requests", per_minute: 58 })).toContain("58 requests per minute");
    expect(words.diagnoses.change({ kind: "cheaper_model", name: "Claude Haiku 5.5", cost_dollars: 0.11 })).toContain(
      "Claude Haiku 5.5 on a few images: the same tokens would cost about $0.11",
    );
  });
});

describe("the histogram", () => {
  const bins: DurationBin[] = [
    { from_millis: 0, to_millis: 10, count: 1000 },
    { from_millis: 10, to_millis: 20, count: 0 },
    { from_millis: 20, to_millis: 30, count: 1 },
  ];

  it("has a bar a bin, and the tail apart", () => {
    const { x, series, formatPoint, xAxis, yAxis } = histogramChart(bins, 15);
    expect(series.map(({ values }) => values)).toEqual([
      [1000, 0, null],
      [null, null, 1],
    ]);
    expect(series.every(({ kind }) => kind === "bars")).toBe(true);
    expect(series[0]?.color).not.toBe(series[1]?.color);
    // A bar reaches over its bin.
    expect(x).toEqual([5, 15, 25]);
    expect([xAxis.from, xAxis.to, yAxis.from, yAxis.to]).toEqual([0, 30, 0, 1000]);
    expect(formatPoint(25, 2)).toBe("20 ms to 30 ms");
  });

  it("reads at every bar the count that is stored", () => {
    const spec = histogramChart(bins, 15);
    const read = bins.map((_, place) => readingsAt(spec, place).map(({ text }) => text));
    expect(read).toEqual([["1,000"], ["0"], ["1"]]);
  });

  it("places durations between the fastest and the slowest", () => {
    expect(placeOf(15, bins)).toBe(0.5);
    expect(placeOf(99, bins)).toBe(1);
    expect(placeOf(5, [])).toBe(0.5);
    // The fastest image took a while: a line still stands where the bar of its duration begins.
    const later = bins.map((bin) => ({ ...bin, from_millis: bin.from_millis + 900, to_millis: bin.to_millis + 900 }));
    const { x, xAxis } = histogramChart(later, 915);
    const share = (at: number) => (at - xAxis.from) / (xAxis.to - xAxis.from);
    later.forEach(({ from_millis, to_millis }, place) => {
      expect(placeOf(from_millis, later)).toBeCloseTo(share((x[place] ?? Number.NaN) - (to_millis - from_millis) / 2));
    });
  });

  it.each([
    [[100, 300, 500]],
    [[300, 560, 590]],
    [[580, 590, 599]],
    [[0, 4, 8]],
    [[0, 2, 598]],
    [[300, 302, 304]],
    [[520, 545, 560]],
    [[10, 60, 110]],
  ])("flags lines at %s, each at its own line, none across another", (places) => {
    const [width, gap, own] = [600, 8, 60];
    const drawn = flags(places, [own, own, own], width, gap).map(({ side, row }, index) => {
      const at = places[index] ?? 0;
      return { at, row, from: side === "right" ? at : at - own, to: side === "right" ? at + own : at };
    });
    for (const flag of drawn) {
      expect(flag.from).toBeGreaterThanOrEqual(0);
      expect(flag.to).toBeLessThanOrEqual(width);
      for (const other of drawn.filter((each) => each !== flag)) {
        const isApart = other.to <= flag.from || other.from >= flag.to;
        expect(isApart || other.row !== flag.row).toBe(true);
        // A line reaches up to its own row, so it must not cross labels below.
        const isCrossed = other.at > flag.from && other.at < flag.to && other.row > flag.row;
        expect(isCrossed).toBe(false);
      }
    }
  });
});
