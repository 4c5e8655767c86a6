/** State of the import dialog: the dataset, the dry run, what is chosen, and the result. */
import type {
  DatasetImportProgress,
  DatasetImportRequest,
  DatasetPreview,
  FormatDescriptor,
  FormatId,
  ImportedDataset,
  ImportRole,
} from "../api/bindings";
import type { Core } from "../api/core";
import { type NamedFile, send, type UploadProgress } from "../api/upload";

export type ImportingCore = Pick<
  Core,
  | "exportFormats"
  | "previewDataset"
  | "importDataset"
  | "cancelDatasetImport"
  | "chooseDataset"
  | "beginUpload"
  | "cancelUpload"
  | "completeDatasetUpload"
  | "datasetImportProgress"
  | "browser"
>;

export type Stage =
  /** No dataset is chosen. */
  | { kind: "choosing" }
  | { kind: "uploading"; progress: UploadProgress }
  /** The dry run, with the last report until there is a new one. */
  | { kind: "reading" }
  | { kind: "ready" }
  | { kind: "refused"; refusal: unknown }
  | { kind: "importing" }
  | { kind: "done"; imported: ImportedDataset };

export class Importing {
  isOpen = $state(false);
  stage = $state.raw<Stage>({ kind: "choosing" });
  path = $state<string | null>(null);
  /** Of the last dry run of this dataset. */
  report = $state.raw<DatasetPreview | null>(null);
  progress = $state.raw<DatasetImportProgress | null>(null);
  /** Those that can be read; empty until the core has answered. */
  formats = $state.raw<readonly FormatDescriptor[]>([]);
  role = $state<ImportRole>("ground_truth");
  /** Null: detected. */
  format = $state<FormatId | null>(null);
  /** What labels of the file become, where that was chosen; null leaves them out. */
  mapping = $state.raw<Readonly<Record<string, string | null>>>({});
  /** Opens a browser's dialog for files or a folder. */
  chooseInBrowser: (folder: boolean) => void = () => undefined;

  readonly #core: ImportingCore;
  readonly #refused: (refusal: unknown) => void;
  /** Only the latest dry run counts. */
  #latest = 0;
  #stopUpload: AbortController | null = null;
  #stopWatching: (() => void) | null = null;

  readonly request = $derived<DatasetImportRequest>({
    path: this.path ?? "",
    format: this.format,
    role: this.role,
    collection: null,
    recipe: null,
    mapping: Object.entries(this.mapping).map(([from, to]) => ({ from, to })),
  });

  constructor(core: ImportingCore, refused: (refusal: unknown) => void) {
    this.#core = core;
    this.#refused = refused;
  }

  /** Whether something is read, sent or stored. */
  get isBusy(): boolean {
    return ["uploading", "reading", "importing"].includes(this.stage.kind);
  }

  /** With the dataset at `path`, or to choose one. */
  async open(path: string | null = null): Promise<void> {
    this.isOpen = true;
    this.#watch();
    if (this.formats.length === 0) {
      const formats = await this.#attempt(() => this.#core.exportFormats());
      this.formats = (formats ?? []).filter(({ is_readable: isReadable }) => isReadable);
    }
    if (path !== null) await this.use(path);
    else if (this.stage.kind === "done") this.#forget();
  }

  close(): void {
    this.isOpen = false;
    this.#latest += 1;
    this.#stopUpload?.abort();
    if (this.stage.kind === "reading" || this.stage.kind === "importing") void this.#cancelInCore();
    this.#stopWatching?.();
    this.#stopWatching = null;
    this.#forget();
  }

  /** Asks for a file or a folder. */
  async choose(folder: boolean): Promise<void> {
    if (this.#core.browser !== null) {
      this.chooseInBrowser(folder);
      return;
    }
    const path = await this.#attempt(() => this.#core.chooseDataset(folder));
    if (path != null) await this.use(path);
  }

  /** Sends a dataset from a browser, and reads it. */
  async upload(files: NamedFile[]): Promise<void> {
    const { browser } = this.#core;
    if (browser === null || files.length === 0) return;
    await this.open();
    const stop = new AbortController();
    this.#stopUpload = stop;
    try {
      const show = (progress: UploadProgress) => (this.stage = { kind: "uploading", progress });
      const number = await send(browser, this.#core, files, show, stop.signal);
      const path = await this.#core.completeDatasetUpload(number);
      if (path !== null && this.isOpen) await this.use(path);
    } catch (refusal) {
      if (!stop.signal.aborted) this.stage = { kind: "refused", refusal };
    } finally {
      this.#stopUpload = null;
    }
  }

  async use(path: string): Promise<void> {
    this.#forget();
    this.path = path;
    await this.read();
  }

  /** Changes options and reads the dataset again. */
  async change(chosen: Partial<Pick<Importing, "role" | "format" | "mapping">>): Promise<void> {
    Object.assign(this, chosen);
    await this.read();
  }

  /** The dry run. */
  async read(): Promise<void> {
    if (this.path === null) return;
    const asked = ++this.#latest;
    if (this.stage.kind === "reading") await this.#cancelInCore();
    this.stage = { kind: "reading" };
    try {
      const report = await this.#core.previewDataset(this.request);
      if (asked !== this.#latest) return;
      this.report = report;
      this.stage = { kind: "ready" };
    } catch (refusal) {
      if (asked === this.#latest) this.stage = { kind: "refused", refusal };
    }
  }

  async import(): Promise<void> {
    if (this.stage.kind !== "ready" || (this.report?.library_images ?? 0) === 0) return;
    this.stage = { kind: "importing" };
    try {
      const imported = await this.#core.importDataset(this.request);
      this.stage = { kind: "done", imported };
    } catch (refusal) {
      // A cancelled import has changed nothing: it can begin again.
      if (isCancelled(refusal)) this.stage = { kind: "ready" };
      else this.stage = { kind: "refused", refusal };
    }
  }

  /** Ends what is going on. Nothing is changed. */
  async cancel(): Promise<void> {
    if (this.stage.kind === "importing") await this.#cancelInCore();
    else this.close();
  }

  #forget(): void {
    this.path = null;
    this.report = null;
    this.format = null;
    this.mapping = {};
    this.stage = { kind: "choosing" };
  }

  #watch(): void {
    this.#stopWatching ??= this.#core.datasetImportProgress(
      (progress) => (this.progress = progress),
      // Without it, the dialog only shows no numbers.
      () => undefined,
    );
  }

  async #cancelInCore(): Promise<void> {
    await this.#attempt(() => this.#core.cancelDatasetImport());
  }

  async #attempt<Answer>(action: () => Promise<Answer>): Promise<Answer | undefined> {
    try {
      return await action();
    } catch (refusal) {
      this.#refused(refusal);
      return undefined;
    }
  }
}

function isCancelled(refusal: unknown): boolean {
  return typeof refusal === "object" && refusal !== null && "code" in refusal && refusal.code === "import_cancelled";
}
