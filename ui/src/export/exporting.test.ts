import { describe, expect, it, vi } from "vitest";

import type { Loss, ReadyExport } from "../api/bindings";
import { words } from "../messages";
import { coreOf } from "../../test/core";
import { Exporting, type ExportingCore } from "./exporting.svelte";

const refused = vi.fn();

function fileOf(name: string): ReadyExport {
  const exported = {
    images: 1,
    failed_images: 0,
    empty_images: 0,
    annotations: 1,
    losses: [],
    missing: 0,
    folder: null,
  };
  return { file_name: name, byte_len: 10, exported };
}

describe("an export", () => {
  it("says what it holds of the newest run, and anew for every choice", async () => {
    const core = await coreOf();
    const saveExport = vi.spyOn(core, "saveExport").mockResolvedValue("/photos/run-2.csv");
    const exporting = new Exporting(core, refused);
    await exporting.open();
    expect(exporting.run).toBe(2);
    const { readiness } = exporting;
    expect(readiness).toMatchObject({ kind: "ready", file: { file_name: "run-2-coco.json" } });

    await exporting.choose({ format: "csv", isReviewedOnly: true });
    expect(exporting.readiness).toMatchObject({ kind: "ready", file: { file_name: "run-2-csv-reviewed.csv" } });
    const annotations = (of: typeof readiness) => (of.kind === "ready" ? of.file.exported.annotations : Number.NaN);
    expect(annotations(exporting.readiness)).toBeLessThan(annotations(readiness));
    expect(await exporting.save()).toBe("/photos/run-2.csv");
    expect(saveExport).toHaveBeenCalledWith(2, exporting.request);
    expect(exporting.isOpen).toBe(false);
    expect(refused).not.toHaveBeenCalled();
  });

  it("says what a format has no place for", () => {
    const { exported } = fileOf("any");
    const losses: Loss[] = [
      { feature: "points", kind: "annotation_left_out", count: 1200 },
      { feature: "failed_images", kind: "image_left_out", count: 2 },
      { feature: "polygons", kind: "simplified", count: 3 },
    ];
    expect(words.exports.losses({ ...exported, losses })).toEqual([
      "Not exported: points (1,200), failed images (2).",
      "Simplified: polygon outlines (3).",
    ]);
    expect(words.exports.losses(exported)).toEqual([]);
  });

  it("shows the latest choice, however late the answers to earlier ones come", async () => {
    const answers: ((file: ReadyExport) => void)[] = [];
    const core: ExportingCore = {
      ...(await coreOf()),
      readyExport: () => new Promise((answer) => answers.push(answer)),
    };
    const exporting = new Exporting(core, refused);
    exporting.run = 1;
    const first = exporting.choose({ format: "csv" });
    const second = exporting.choose({ format: "coco" });
    answers[1]?.(fileOf("second"));
    await second;
    answers[0]?.(fileOf("first"));
    await first;
    expect(exporting.readiness).toMatchObject({ kind: "ready", file: { file_name: "second" } });
  });

  it("says that nothing can be dragged once that was tried in vain", async () => {
    const core: ExportingCore = { ...(await coreOf()), dragExport: () => Promise.resolve(false) };
    const exporting = new Exporting(core, refused);
    await exporting.open();
    await exporting.drag();
    expect(exporting.isStuck).toBe(true);
  });

  it("says why there is none, and closes where it cannot even ask", async () => {
    const core = await coreOf();
    const refusal = () => Promise.reject({ code: "library", message: "" });
    const exporting = new Exporting({ ...core, readyExport: refusal }, refused);
    await exporting.open();
    expect(exporting.readiness).toMatchObject({ kind: "refused" });
    const without = new Exporting({ ...core, runs: refusal }, refused);
    await without.open();
    expect(without.isOpen).toBe(false);
    expect(refused).toHaveBeenCalled();
  });
});
