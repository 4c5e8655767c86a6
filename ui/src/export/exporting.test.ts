import { beforeEach, describe, expect, it, vi } from "vitest";

import type { Exported, ExportPreview, ExportRequest } from "../api/bindings";
import { coreOf } from "../../test/core";
import { Exporting, type ExportingCore } from "./exporting.svelte";
import { firstScope, type ExportSource } from "./scopes";

const refused = vi.fn();
const NOTHING: ExportSource = {
  run: null,
  collection: null,
  collectionName: null,
  query: { collection: null, conditions: [], order: "added" },
  selected: [],
};

const exportingOf = (core: ExportingCore, source: Partial<ExportSource> = {}): Exporting =>
  new Exporting(core, refused, (run) => ({ ...NOTHING, run, ...source }));

/** As in the desktop app. */
const onDesktop = (core: ExportingCore, more: Partial<ExportingCore>): ExportingCore => ({
  ...core,
  browser: null,
  ...more,
});

beforeEach(() => refused.mockClear());

describe("an export", () => {
  it("says what it holds of the newest run, and anew for every choice", async () => {
    const exporting = exportingOf(await coreOf());
    await exporting.open();
    expect(exporting.run).toBe(2);
    const first = exporting.preview;
    expect(first?.file_name).toBe("run-2-coco.json");
    const chosen = exporting.choose({ format: "csv", isDecidedOnly: true });
    // Nothing of the other format is shown under the name of this one.
    expect(exporting.preview).toBeNull();
    await chosen;
    expect(exporting.preview?.file_name).toBe("run-2-csv-reviewed.csv");
    expect(exporting.preview?.exported.annotations).toBeLessThan(first?.exported.annotations ?? 0);
    await exporting.choose({ images: "zipped" });
    expect(exporting.preview?.file_name).toBe("run-2-csv-reviewed.zip");
    expect(exporting.preview?.entries.map(({ name }) => name)).toContain("annotations.csv");
    expect(refused).not.toHaveBeenCalled();
  });

  it("is about what the user looks at", () => {
    const query = {
      ...NOTHING.query,
      conditions: [{ is_excluded: false, test: { kind: "label", name: "cat" } as const }],
    };
    expect(firstScope(NOTHING, 2)).toBe("run");
    expect(firstScope(NOTHING, null)).toBe("collection");
    expect(firstScope({ ...NOTHING, query }, 2)).toBe("filter");
    expect(firstScope({ ...NOTHING, query, selected: [1, 2] }, 2)).toBe("selection");
    expect(firstScope({ ...NOTHING, query, selected: [1, 2], run: 1 }, 2)).toBe("run");
  });

  it("takes and leaves the layers of runs", async () => {
    const exporting = exportingOf(await coreOf());
    await exporting.open();
    expect(exporting.layersShown).toEqual({ kind: "runs", runs: [2] });
    await exporting.toggleLayer(2);
    expect(exporting.request.layers).toEqual({ kind: "runs", runs: [] });
    await exporting.choose({ scope: "collection" });
    expect(exporting.layersShown).toEqual({ kind: "all" });
    await exporting.toggleLayer(2);
    expect(exporting.request.layers).toEqual({ kind: "runs", runs: [] });
  });

  it("splits, and keeps the parts of an earlier export", async () => {
    const exporting = exportingOf(await coreOf());
    await exporting.open();
    await exporting.choose({ format: "yolo", images: "zipped", isSplit: true, ends: [60, 80] });
    const split = exporting.preview?.exported.split;
    const images = split?.parts.map(({ images: number }) => number) ?? [];
    expect(images.reduce((sum, number) => sum + number, 0)).toBe(exporting.preview?.exported.images);
    expect(split?.kept).toBe(0);
    await exporting.write();
    expect(exporting.written?.place).toBe("run-2-yolo.zip");
    expect(exporting.written?.download).toContain("run-2-yolo.zip");
    await exporting.choose({ ends: [10, 20] });
    expect(exporting.preview?.exported.split?.kept).toBe(exporting.preview?.exported.images);
    expect(exporting.written).toBeNull();
  });

  it("shows the latest choice, however late the answers to earlier ones come", async () => {
    const core = await coreOf();
    const known = exportingOf(core);
    await known.open();
    const preview = known.preview as ExportPreview;
    const answers: ((preview: ExportPreview) => void)[] = [];
    const exporting = exportingOf({ ...core, previewExport: () => new Promise((answer) => answers.push(answer)) });
    const first = exporting.foresee();
    const second = exporting.foresee();
    answers[1]?.({ ...preview, file_name: "second" });
    await second;
    answers[0]?.({ ...preview, file_name: "first" });
    await first;
    expect(exporting.preview?.file_name).toBe("second");
  });

  it("is written where the user chose, and only there", async () => {
    const core = await coreOf();
    const known = exportingOf(core);
    await known.open();
    const preview = known.preview as ExportPreview;
    const saveExport = vi.fn().mockResolvedValue(preview.exported);
    const chooseExportTarget = vi.fn().mockResolvedValue(null);
    let isTaken = false;
    const desktop = onDesktop(core, {
      saveExport,
      chooseExportTarget,
      previewExport: () => Promise.resolve({ ...preview, is_target_taken: isTaken }),
    });
    const exporting = exportingOf(desktop);
    await exporting.open();
    await exporting.write();
    expect(saveExport, "the dialog was cancelled").not.toHaveBeenCalled();
    chooseExportTarget.mockResolvedValue("/photos/mine.json");
    await exporting.write();
    expect(saveExport).toHaveBeenCalledWith(expect.any(Number), exporting.request, "/photos/mine.json");
    expect(exporting.written?.place).toBe("/photos/mine.json");

    // The next one is suggested beside it, and replaces no file that the user has not named.
    isTaken = true;
    chooseExportTarget.mockClear().mockResolvedValue(null);
    await exporting.open();
    expect(exporting.target).toBe("/photos/run-2-coco.json");
    await exporting.write();
    expect(chooseExportTarget).toHaveBeenCalledOnce();
    expect(exporting.written).toBeNull();
    isTaken = false;
    await exporting.foresee();
    await exporting.write();
    expect(chooseExportTarget).toHaveBeenCalledOnce();
    expect(exporting.written).toMatchObject({ place: "/photos/run-2-coco.json", download: null });
  });

  it("is written as it was last chosen, however soon after", async () => {
    const core = await coreOf();
    const saveExport = vi.fn((_: number, __: ExportRequest, ___: string) => new Promise<Exported>(() => undefined));
    const chooseExportTarget = vi.fn().mockResolvedValue("/photos/mine.json");
    const exporting = exportingOf(onDesktop(core, { saveExport, chooseExportTarget }));
    await exporting.open();
    await exporting.chooseTarget();
    // A name for another file stays, one of another kind does not.
    void exporting.choose({ isDecidedOnly: true });
    void exporting.write();
    await vi.waitFor(() => expect(saveExport).toHaveBeenCalledTimes(1));
    expect(saveExport.mock.lastCall?.[2]).toBe("/photos/mine.json");

    const other = exportingOf(onDesktop(core, { saveExport, chooseExportTarget }));
    await other.open();
    await other.chooseTarget();
    void other.choose({ format: "yolo" });
    void other.write();
    await vi.waitFor(() => expect(saveExport).toHaveBeenCalledTimes(2));
    expect(saveExport.mock.lastCall?.[1]).toMatchObject({ format: "yolo" });
    expect(saveExport.mock.lastCall?.[2]).toBe("/photos/run-2-yolo");
  });

  it("says nothing when it was cancelled, and why when it failed", async () => {
    const core = await coreOf();
    const failing = (code: string) =>
      onDesktop(core, {
        chooseExportTarget: () => Promise.resolve("/x.json"),
        saveExport: () => Promise.reject({ code, message: "" }),
      });
    for (const [code, calls] of [
      ["cancelled", 0],
      ["file", 1],
    ] as const) {
      const exporting = exportingOf(failing(code));
      await exporting.open();
      await exporting.write();
      expect(exporting.isWriting).toBe(false);
      expect(refused).toHaveBeenCalledTimes(calls);
    }
  });

  it("says why there is none, and closes where it cannot even ask", async () => {
    const core = await coreOf();
    const refusal = () => Promise.reject({ code: "library", message: "" });
    const exporting = exportingOf({ ...core, previewExport: refusal });
    await exporting.open();
    expect(exporting.outlook).toMatchObject({ kind: "refused" });
    const without = exportingOf({ ...core, runs: refusal });
    await without.open();
    expect(without.isOpen).toBe(false);
    expect(refused).toHaveBeenCalled();
  });
});
