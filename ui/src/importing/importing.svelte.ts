/** State of the import dialog: the dataset, the dry run, what is chosen, and the result. */
import type {
  CollectionId,
  DatasetImportProgress,
  DatasetImportRequest,
  DatasetPreview,
  FormatDescriptor,
  FormatId,
  ImportedDataset,
  ImportRole,
  ImportSample,
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

/** Between two questions how far it is. */
const PROGRESS_MILLIS = 150;

export class Importing {
  isOpen = $state(false);
  stage = $state.raw<Stage>({ kind: "choosing" });
  path = $state<string | null>(null);
  /** Of the last dry run of this dataset. */
  report = $state.raw<DatasetPreview | null>(null);
  /** Images of the last dry run, with what would be imported. */
  samples = $state.raw<readonly ImportSample[]>([]);
  progress = $state.raw<DatasetImportProgress | null>(null);
  /** Those that can be read; empty until the core has answered. */
  formats = $state.raw<readonly FormatDescriptor[]>([]);
  role = $state<ImportRole>("ground_truth");
  /** Null: detected. */
  format = $state<FormatId | null>(null);
  /** Whose photos are matched; null for all. */
  collection = $state<CollectionId | null>(null);
  /** What labels of the file become, where that was chosen; null leaves them out. */
  mapping = $state.raw<Readonly<Record<string, string | null>>>({});
  /** Opens a browser's dialog for files or a folder. */
  chooseInBrowser: (folder: boolean) => void = () => undefined;

  readonly #core: ImportingCore;
  readonly #refused: (refusal: unknown) => void;
  /** Whether the dialog closes once the import is cancelled. */
  #isClosing = false;
  /** Number of the latest dry run or import; only that one counts. Null once it is over. */
  #task: number | null = null;
  #following: ReturnType<typeof setInterval> | undefined;
  #stopUpload: AbortController | null = null;

  readonly request = $derived<DatasetImportRequest>({
    path: this.path ?? "",
    format: this.format,
    role: this.role,
    collection: this.collection,
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

  get canImport(): boolean {
    return this.stage.kind === "ready" && (this.report?.library_images ?? 0) > 0;
  }

  get isImporting(): boolean {
    return this.stage.kind === "importing";
  }

  /** Whether the layer is being added. That takes a moment, and cannot be cancelled. */
  get isAdding(): boolean {
    return this.isImporting && this.progress?.is_adding === true;
  }

  /** With the dataset at `path`, or to choose one. */
  async open(path: string | null = null): Promise<void> {
    this.isOpen = true;
    if (this.formats.length === 0) {
      const formats = await this.#attempt(this.#core.exportFormats());
      this.formats = (formats ?? []).filter(({ is_readable: isReadable }) => isReadable);
    }
    if (path !== null) await this.use(path);
    else if (this.stage.kind === "done") this.#forget();
  }

  /** During an import, only once it is cancelled: if it was too late for that, the dialog says what was imported. */
  close(): void {
    if (this.isImporting) {
      this.#isClosing = true;
      this.cancel();
      return;
    }
    this.isOpen = false;
    this.#stopUpload?.abort();
    this.#cancelTask();
    this.#forget();
  }

  /** Asks for a file or a folder. */
  async choose(folder: boolean): Promise<void> {
    if (this.#core.browser !== null) {
      this.chooseInBrowser(folder);
      return;
    }
    const path = await this.#attempt(this.#core.chooseDataset(folder));
    if (path != null) await this.use(path);
  }

  /** Sends a dataset from a browser, and reads it. */
  async upload(files: NamedFile[]): Promise<void> {
    const { browser } = this.#core;
    if (browser === null || files.length === 0 || this.isImporting) return;
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

  /** Reads the dataset at `path`. An import in progress comes first. */
  async use(path: string): Promise<void> {
    if (this.isImporting) return;
    this.#forget();
    this.path = path;
    await this.read();
  }

  /** Changes options and reads the dataset again. */
  async change(chosen: Partial<Pick<Importing, "role" | "format" | "collection" | "mapping">>): Promise<void> {
    Object.assign(this, chosen);
    await this.read();
  }

  /** The dry run. */
  async read(): Promise<void> {
    if (this.path === null) return;
    this.stage = { kind: "reading" };
    const done = await this.#follow((task) => this.#core.previewDataset(task, this.request));
    if (done === null) return;
    if ("refusal" in done) {
      this.stage = { kind: "refused", refusal: done.refusal };
    } else {
      ({ report: this.report, samples: this.samples } = done.answer);
      this.stage = { kind: "ready" };
    }
  }

  async import(): Promise<void> {
    if (!this.canImport) return;
    this.stage = { kind: "importing" };
    this.#isClosing = false;
    const done = await this.#follow((task) => this.#core.importDataset(task, this.request));
    if (done === null) return;
    if ("answer" in done) {
      this.stage = { kind: "done", imported: done.answer };
    } else if (isCancelled(done.refusal)) {
      // It has changed nothing, and can begin again.
      this.stage = { kind: "ready" };
      if (this.#isClosing) this.close();
    } else {
      this.stage = { kind: "refused", refusal: done.refusal };
    }
  }

  /** Ends what is going on, unless the layer is being added already. */
  cancel(): void {
    if (this.isAdding) return;
    if (this.isImporting && this.#task !== null) void this.#attempt(this.#core.cancelDatasetImport(this.#task));
    else this.close();
  }

  /** Starts a task in place of an earlier one, and follows it; null if another one took its place. */
  async #follow<Answer>(
    start: (task: number) => Promise<Answer>,
  ): Promise<{ answer: Answer } | { refusal: unknown } | null> {
    this.#cancelTask();
    const task = Math.floor(Math.random() * 2 ** 31);
    this.#task = task;
    this.progress = null;
    this.#following = setInterval(() => void this.#showProgress(task), PROGRESS_MILLIS);
    const done = await start(task).then(
      (answer) => ({ answer }),
      (refusal: unknown) => ({ refusal }),
    );
    if (this.#task !== task) return null;
    this.#end();
    return done;
  }

  async #showProgress(task: number): Promise<void> {
    // Without it, the dialog only shows no numbers.
    const progress = await this.#core.datasetImportProgress(task).catch(() => null);
    if (this.#task === task && progress !== null) this.progress = progress;
  }

  #cancelTask(): void {
    if (this.#task !== null) void this.#attempt(this.#core.cancelDatasetImport(this.#task));
    this.#end();
  }

  #end(): void {
    this.#task = null;
    clearInterval(this.#following);
  }

  #forget(): void {
    this.path = null;
    this.report = null;
    this.samples = [];
    this.format = null;
    this.collection = null;
    this.mapping = {};
    this.stage = { kind: "choosing" };
  }

  async #attempt<Answer>(asked: Promise<Answer>): Promise<Answer | undefined> {
    try {
      return await asked;
    } catch (refusal) {
      this.#refused(refusal);
      return undefined;
    }
  }
}

function isCancelled(refusal: unknown): boolean {
  return typeof refusal === "object" && refusal !== null && "code" in refusal && refusal.code === "cancelled";
}
