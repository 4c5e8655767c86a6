import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { DatasetDryRun, DatasetImportProgress, ImportedDataset } from "../api/bindings";
import { Importing, type ImportingCore } from "./importing.svelte";

const IMPORTED = { layer: null } as unknown as ImportedDataset;

/** An import that ends when the test says so. */
class Core {
  progress: DatasetImportProgress = { images: 0, annotations: 0, is_adding: false };
  cancelled = 0;
  resolve: (imported: ImportedDataset) => void = () => undefined;
  reject: (refusal: unknown) => void = () => undefined;
  browser = null;
  exportFormats = () => Promise.resolve([]);
  previewDataset = () =>
    Promise.resolve({ report: { library_images: 4, annotations: 9 }, samples: [] } as unknown as DatasetDryRun);
  importDataset = () =>
    new Promise<ImportedDataset>((resolve, reject) => {
      [this.resolve, this.reject] = [resolve, reject];
    });
  datasetImportProgress = () => Promise.resolve(this.progress);
  cancelDatasetImport = () => {
    this.cancelled += 1;
    return Promise.resolve(null);
  };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

async function begun(): Promise<{ core: Core; importing: Importing; done: Promise<void> }> {
  const core = new Core();
  const importing = new Importing(core as unknown as ImportingCore, (refusal) => expect.fail(String(refusal)));
  await importing.open("/datasets/birds.json");
  return { core, importing, done: importing.import() };
}

describe("closing the dialog during an import", () => {
  it("cancels it, and closes once nothing will change", async () => {
    const { core, importing, done } = await begun();
    importing.close();
    expect(core.cancelled).toBe(1);
    expect(importing.isOpen).toBe(true);
    core.reject({ code: "cancelled", message: "" });
    await done;
    expect(importing.isOpen).toBe(false);
  });

  it("shows what was imported if it was too late", async () => {
    const { core, importing, done } = await begun();
    core.progress = { images: 4, annotations: 9, is_adding: true };
    await vi.advanceTimersByTimeAsync(1000);
    expect(importing.isAdding).toBe(true);
    importing.close();
    expect(core.cancelled).toBe(0);
    core.resolve(IMPORTED);
    await done;
    expect(importing.isOpen).toBe(true);
    expect(importing.stage).toEqual({ kind: "done", imported: IMPORTED });
    importing.close();
    expect(importing.isOpen).toBe(false);
  });
});

it("another dataset waits for the import", async () => {
  const { core, importing, done } = await begun();
  await importing.open("/datasets/cats.json");
  expect(importing.path).toBe("/datasets/birds.json");
  core.resolve(IMPORTED);
  await done;
  expect(importing.stage.kind).toBe("done");
});

it("an import that was cancelled can begin again", async () => {
  const { core, importing, done } = await begun();
  importing.cancel();
  core.reject({ code: "cancelled", message: "" });
  await done;
  expect(importing.isOpen).toBe(true);
  expect(importing.canImport).toBe(true);
});
