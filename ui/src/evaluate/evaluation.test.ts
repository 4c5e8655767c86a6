import { describe, expect, it } from "vitest";

import type {
  EvaluationReport,
  EvaluationRequest,
  EvaluationResult,
  ImportedLayer,
  RunSummary,
  Side,
} from "../api/bindings";
import { precisionByRecall } from "./charts";
import { confusionOf } from "./confusion";
import { Evaluation, type EvaluationCore, MOST_RESULTS } from "./evaluation.svelte";
import { verdict } from "./figures";

const PEOPLE: Side = { kind: "decided" };
const ofRun = (run: number): Side => ({ kind: "run", run });

class Core implements EvaluationCore {
  asked: EvaluationRequest[] = [];
  cancelled: number[] = [];
  layers: Pick<ImportedLayer, "id" | "role">[] = [];
  answers: (() => void)[] = [];
  isHeld = false;

  constructor(readonly ids: number[]) {}

  runs = (): Promise<RunSummary[]> => Promise.resolve(this.ids.map((id) => ({ id, done: 1 })) as RunSummary[]);
  importedLayers = (): Promise<ImportedLayer[]> => Promise.resolve(this.layers as ImportedLayer[]);

  cancelEvaluation = (task: number): Promise<null> => {
    this.cancelled.push(task);
    return Promise.resolve(null);
  };

  async evaluate(_task: number, request: EvaluationRequest): Promise<EvaluationReport> {
    this.asked.push(request);
    if (this.isHeld) await new Promise<void>((answer) => this.answers.push(answer));
    if (request.against.kind === "run" && request.against.run === 99)
      throw { code: "nothing_to_evaluate", message: "" };
    const results = request.evaluated.map(() => ({ threshold: 0.4 }));
    return { results, overlap: request.options.overlap } as EvaluationReport;
  }
}

function of(core: Core): Evaluation {
  return new Evaluation(core, (refusal) => {
    throw refusal;
  });
}

describe("what is evaluated", () => {
  it("is the newest run, against an imported truth, people, or nothing yet", async () => {
    const core = new Core([3, 2]);
    const evaluation = of(core);
    await evaluation.open(null, false);
    expect([evaluation.against, evaluation.report, evaluation.unavailable]).toEqual([null, null, "no_truth"]);
    await evaluation.open(null, true);
    expect([evaluation.evaluated, evaluation.against, evaluation.unavailable]).toEqual([[3], PEOPLE, null]);

    core.layers = [
      { id: 5, role: "predictions" },
      { id: 4, role: "ground_truth" },
    ];
    const imported = of(core);
    await imported.open(2, true);
    expect([imported.evaluated, imported.against]).toEqual([[2], ofRun(4)]);
    expect(imported.judged).toEqual([3, 2, 5]);
    const none = of(new Core([]));
    await none.open(null, true);
    expect(none.unavailable).toBe("no_runs");
  });

  it("has at least one result and at most some, and none is its own truth", async () => {
    const core = new Core([6, 5, 4, 3, 2, 1]);
    const evaluation = of(core);
    await evaluation.open(null, true);
    evaluation.toggle(6);
    expect(evaluation.evaluated).toEqual([6]);
    for (const run of [5, 4, 3, 2]) evaluation.toggle(run);
    expect(evaluation.evaluated).toEqual([6, 5, 4, 3]);
    expect(evaluation.evaluated).toHaveLength(MOST_RESULTS);
    evaluation.compareWith(ofRun(5));
    expect(evaluation.evaluated).toEqual([6, 4, 3]);
    evaluation.toggle(4);
    evaluation.toggle(3);
    evaluation.compareWith(ofRun(6));
    expect(evaluation.evaluated).toEqual([5]);
  });

  it("shows the report of the latest question, and why there is none", async () => {
    const core = new Core([2]);
    const evaluation = of(core);
    await evaluation.open(null, true);
    core.isHeld = true;
    evaluation.setOverlap(0.75);
    evaluation.setOverlap(0.9);
    expect(evaluation.isEvaluating).toBe(true);
    for (const answer of [...core.answers].reverse()) answer();
    await expect.poll(() => evaluation.isEvaluating).toBe(false);
    await Promise.resolve();
    expect(evaluation.report?.overlap).toBe(0.9);
    expect(core.cancelled).toHaveLength(1);
    core.isHeld = false;
    evaluation.compareWith(ofRun(99));
    await expect.poll(() => evaluation.unavailable).toBe("nothing_in_common");
    expect(evaluation.report).toBe(null);
  });

  it("moves the threshold from the one that is used", async () => {
    const evaluation = of(new Core([2]));
    await evaluation.open(null, true);
    evaluation.nudge(1);
    expect(evaluation.threshold).toBe(0.41);
    evaluation.nudge(-100);
    expect(evaluation.threshold).toBe(0);
    evaluation.stop();
  });
});

describe("what is shown", () => {
  it("calls a difference one only if its interval excludes zero", () => {
    const at = (low: number, high: number) => verdict({ difference: (low + high) / 2, interval: { low, high } });
    expect([at(0.01, 0.2), at(-0.2, -0.01), at(-0.1, 0.2), at(0, 0.2)]).toEqual(["better", "worse", "none", "none"]);
    expect([verdict(null), verdict({ difference: 0.9, interval: null })]).toEqual([null, null]);
  });

  it("reads precision at each hundredth of recall, up to the last", () => {
    const curve = [
      { score: 0.9, precision: 1, recall: 0.25 },
      { score: 0.5, precision: 0.5, recall: 0.5 },
    ];
    const read = precisionByRecall({ curve } as EvaluationResult);
    expect([read.length, read[0], read[25], read[26], read[50], read[51]]).toEqual([101, 1, 1, 0.5, 0.5, null]);
  });

  it("puts every count in one cell, and says how many labels are left out", () => {
    const labels = Array.from({ length: 14 }, (_, label) => ({ name: String(label), objects: 1, is_in_truth: true }));
    const confusion = [
      ...labels.map((_, label) => ({ truth: label, found: label, count: 14 - label })),
      { truth: 0, found: 1, count: 2 },
      { truth: null, found: 2, count: 3 },
      { truth: 3, found: null, count: 4 },
    ];
    const shown = confusionOf({ labels } as EvaluationReport, { confusion } as EvaluationResult);
    expect([shown.labels.length, shown.more]).toEqual([12, 2]);
    const cell = (row: number, column: number) => shown.rows[row]?.cells[column];
    expect([cell(0, 0)?.tone, cell(0, 1)?.tone, cell(1, 0)?.tone]).toEqual(["right", "off", "zero"]);
    expect([cell(12, 2)?.count, cell(3, 12)?.count, cell(12, 12)?.tone]).toEqual([3, 4, "none"]);
    expect(cell(0, 0)?.percent).toBe(100);
  });
});
