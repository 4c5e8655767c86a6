/** State of the export dialog: what is exported, how, and the result. */
import type {
  ExportPreview,
  ExportProgress,
  ExportRequest,
  Exported,
  FormatDescriptor,
  FormatId,
  ImageFileMode,
  LayerCount,
  LayerScope,
  RunId,
  RunSummary,
} from "../api/bindings";
import type { Core } from "../api/core";
import { keep, recall } from "../state/kept";
import { ALL_LAYERS, layersOfRuns, layersShown } from "../state/layers";
import { type ExportSource, firstScope, type ScopeKind, scopesOf } from "./scopes";

export type ExportingCore = Pick<
  Core,
  | "runs"
  | "exportFormats"
  | "previewExport"
  | "chooseExportTarget"
  | "saveExport"
  | "readyExport"
  | "exportProgress"
  | "cancelExport"
  | "showExport"
  | "dragExport"
  | "browser"
>;

/** What the export would be: pending, known, or refused. */
export type Outlook =
  { kind: "pending" } | { kind: "known"; preview: ExportPreview } | { kind: "refused"; refusal: unknown };

/** What was written: where, and its address if a browser downloads it. */
export interface WrittenExport {
  place: string;
  download: string | null;
  exported: Exported;
}

const PROGRESS_MILLIS = 250;
/** Choices that follow each other closely are previewed together. */
const PREVIEW_MILLIS = 150;
const DEFAULT_SEED = 7;

const isText = (value: unknown): value is string => typeof value === "string";

/** The folder of a path, on any system. */
function folderOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")));
}

/** The extension of a path with its dot; empty for a folder. */
function extensionOf(path: string): string {
  return /\.[a-z0-9]+$/i.exec(path)?.[0].toLowerCase() ?? "";
}

export class Exporting {
  isOpen = $state(false);
  /** Runs with answers, newest first; null until the core has answered. */
  runs = $state.raw<readonly RunSummary[] | null>(null);
  /** All formats; empty until the core has answered. */
  formats = $state.raw<readonly FormatDescriptor[]>([]);
  source = $state.raw<ExportSource | null>(null);

  run = $state<RunId | null>(null);
  scope = $state<ScopeKind>("run");
  /** Null for those of the scope. */
  layers = $state.raw<LayerScope | null>(null);
  isDecidedOnly = $state(false);
  includesRejected = $state(false);
  hasNegatives = $state(true);
  /** One of `formats`; the first by default. */
  format = $state<FormatId>("");
  options = $state.raw<Readonly<Record<string, string>>>({});
  images = $state<ImageFileMode>("left");
  isSplit = $state(false);
  /** Where training and validation end, in per cent. */
  ends = $state.raw<readonly [number, number]>([80, 90]);
  seed = $state(DEFAULT_SEED);
  keepsGroups = $state(true);
  balancesLabels = $state(true);
  /** Null: if the dataset is a folder or an archive. */
  hasCard = $state<boolean | null>(null);
  license = $state("");
  keepsEverything = $state(false);

  /** The file or folder to write; null until one is chosen. */
  target = $state<string | null>(null);
  outlook = $state.raw<Outlook>({ kind: "pending" });
  /** Annotations of the scope by layer, as they were last counted: they can be chosen while there is nothing to export. */
  layerCounts = $state.raw<readonly LayerCount[]>([]);
  isWriting = $state(false);
  progress = $state.raw<ExportProgress | null>(null);
  written = $state.raw<WrittenExport | null>(null);

  readonly #core: ExportingCore;
  readonly #refused: (refusal: unknown) => void;
  readonly #sourceOf: (run: RunId | null) => ExportSource;
  /** Only the latest preview counts. */
  #latest = 0;
  #wait: ReturnType<typeof setTimeout> | undefined;
  /** Identifies the exports of this window. */
  readonly #number = Math.floor(Math.random() * 2 ** 31);

  constructor(core: ExportingCore, refused: (refusal: unknown) => void, sourceOf: (run: RunId | null) => ExportSource) {
    this.#core = core;
    this.#refused = refused;
    this.#sourceOf = sourceOf;
  }

  readonly scopes = $derived(this.source && scopesOf(this.source, this.run));
  readonly descriptor = $derived(this.formats.find(({ id }) => id === this.format) ?? null);
  readonly preview = $derived(this.outlook.kind === "known" ? this.outlook.preview : null);

  readonly request = $derived<ExportRequest>({
    scope: this.scopes?.[this.scope] ?? { kind: "library" },
    layers: this.layers ?? this.#layersInView,
    annotations: { is_reviewed_only: this.isDecidedOnly, includes_rejected: this.includesRejected },
    leaves_out_empty: !this.hasNegatives,
    format: this.format,
    options: { ...this.options },
    images: this.images,
    keeps_everything: this.keepsEverything,
    split: this.isSplit
      ? {
          shares: { train: this.ends[0], validation: this.ends[1] - this.ends[0], test: 100 - this.ends[1] },
          seed: this.seed,
          keeps_groups: this.keepsGroups,
          balances_labels: this.balancesLabels,
        }
      : null,
    data_card: this.hasCard,
    license: this.license,
  });

  /** Those chosen in the library, for scopes that do not say themselves. */
  get #layersInView(): LayerScope | null {
    return this.scope === "collection" || this.scope === "selection" ? (this.source?.query.layers ?? null) : null;
  }

  /** The layers that are exported. */
  readonly layersShown = $derived.by((): LayerScope => {
    const { scope, layers } = this.request;
    if (layers) return layers;
    if (scope.kind === "run") return layersOfRuns([scope.run]);
    return scope.kind === "query" ? layersShown(scope.query) : ALL_LAYERS;
  });

  /** Whether the dataset is one file. */
  readonly isFile = $derived(this.descriptor?.package.kind === "file" && this.images === "left" && !this.isSplit);
  readonly isCardWanted = $derived(this.hasCard ?? !this.isFile);

  get isDesktop(): boolean {
    return this.#core.browser === null;
  }

  /** For the images of this run, or what is on screen. */
  async open(run: RunId | null = null): Promise<void> {
    this.source = this.#sourceOf(run);
    this.runs = null;
    this.written = null;
    this.layers = null;
    this.isOpen = true;
    try {
      const [runs, formats] = await Promise.all([this.#core.runs(), this.#core.exportFormats()]);
      this.formats = formats;
      this.format ||= formats[0]?.id ?? "";
      this.runs = runs.filter(({ done }) => done > 0);
      this.run = this.source.run ?? this.runs[0]?.id ?? null;
      this.scope = firstScope(this.source, this.run);
    } catch (refusal) {
      this.close();
      this.#refused(refusal);
      return;
    }
    await this.foresee();
  }

  /** An export that is being written goes on. */
  close(): void {
    this.isOpen = false;
    this.written = null;
    this.#latest += 1;
    clearTimeout(this.#wait);
    if (this.outlook.kind === "pending" && !this.isWriting)
      void this.#core.cancelExport(this.#number).catch(() => null);
  }

  /** Changes choices, and previews the export again. */
  async choose(
    chosen: Partial<
      Pick<
        Exporting,
        | "run"
        | "scope"
        | "layers"
        | "isDecidedOnly"
        | "includesRejected"
        | "hasNegatives"
        | "format"
        | "options"
        | "images"
        | "isSplit"
        | "ends"
        | "seed"
        | "keepsGroups"
        | "balancesLabels"
        | "hasCard"
        | "license"
        | "keepsEverything"
      >
    >,
  ): Promise<void> {
    if (chosen.scope !== undefined || chosen.run !== undefined) this.layers = null;
    if (chosen.format !== undefined && chosen.format !== this.format) {
      this.options = {};
      // The files and losses of another format are not those of this one.
      this.outlook = { kind: "pending" };
    }
    Object.assign(this, chosen);
    this.written = null;
    this.#isOutdated = true;
    clearTimeout(this.#wait);
    await new Promise((done) => (this.#wait = setTimeout(done, PREVIEW_MILLIS)));
    await this.foresee();
  }

  /** A layer is exported, or not. */
  async toggleLayer(run: RunId): Promise<void> {
    const shown = this.layersShown;
    const all = this.layerCounts.flatMap((layer) => layer.run ?? []);
    const runs = shown.kind === "all" ? all : shown.runs;
    await this.choose({
      layers: layersOfRuns(runs.includes(run) ? runs.filter((each) => each !== run) : [...runs, run]),
    });
  }

  /** Asks what the export would write. */
  async foresee(): Promise<void> {
    const asked = ++this.#latest;
    if (this.outlook.kind === "refused") this.outlook = { kind: "pending" };
    const outlook = await this.#core.previewExport(this.#number, this.request, this.target).then(
      (preview): Outlook => ({ kind: "known", preview }),
      (refusal: unknown): Outlook => ({ kind: "refused", refusal }),
    );
    if (asked !== this.#latest) return;
    this.outlook = outlook;
    this.#isOutdated = false;
    if (outlook.kind !== "known") return;
    this.layerCounts = outlook.preview.layers;
    if (this.isDesktop) await this.#suggestTarget(outlook.preview);
  }

  /** Whether choices were made that the outlook does not know. */
  #isOutdated = false;
  /** Of the last export. */
  #folder = recall("export_folder", isText);
  /** The extension of the dataset whose target the user has named; null if only the folder was chosen. */
  #chosenFor: string | null = null;

  /** A name that the user chose stays while it fits the format. */
  async #suggestTarget({ file_name }: ExportPreview): Promise<void> {
    if (this.#chosenFor === extensionOf(file_name)) return;
    this.#chosenFor = null;
    const target = this.#folder === null ? null : `${this.#folder}/${file_name}`;
    if (target === this.target) return;
    this.target = target;
    // The free space there, and whether it is taken.
    if (target !== null) await this.foresee();
  }

  /** Opens the system's dialog; false if it was cancelled. */
  async chooseTarget(): Promise<boolean> {
    const target = await this.#attempt(() => this.#core.chooseExportTarget(this.request));
    if (target == null) return false;
    this.target = target;
    this.#chosenFor = extensionOf(this.preview?.file_name ?? target);
    this.#folder = folderOf(target);
    keep("export_folder", this.#folder);
    await this.foresee();
    return true;
  }

  /** Writes the export; null if it was cancelled or failed. */
  async write(): Promise<void> {
    if (this.isWriting) return;
    while (this.#isOutdated) {
      clearTimeout(this.#wait);
      await this.foresee();
    }
    if (this.isWriting || this.outlook.kind !== "known") return;
    if (this.isDesktop && (this.target === null || this.#mustNameTarget) && !(await this.chooseTarget())) return;
    this.isWriting = true;
    this.progress = null;
    // It takes the place of a preview that is still counted.
    this.#latest += 1;
    const following = setInterval(() => void this.#follow(), PROGRESS_MILLIS);
    try {
      this.written = this.isDesktop ? await this.#save(this.target ?? "") : await this.#ready();
      this.#chosenFor = null;
    } catch (refusal) {
      if ((refusal as { code?: string }).code !== "cancelled") this.#refused(refusal);
    }
    clearInterval(following);
    this.isWriting = false;
    // The split is remembered now, and there is something at the target.
    if (this.isOpen) await this.foresee();
  }

  /** Something is at a target that was only suggested. */
  get #mustNameTarget(): boolean {
    return this.#chosenFor === null && (this.preview?.is_target_taken ?? false);
  }

  async #save(path: string): Promise<WrittenExport> {
    const exported = await this.#core.saveExport(this.#number, this.request, path);
    return { place: path, download: null, exported };
  }

  async #ready(): Promise<WrittenExport> {
    const { file_name, exported } = await this.#core.readyExport(this.#number, this.request);
    return { place: file_name, download: this.#core.browser?.exported(file_name) ?? null, exported };
  }

  async #follow(): Promise<void> {
    const progress = await this.#core.exportProgress(this.#number).catch(() => null);
    if (this.isWriting) this.progress = progress;
  }

  async cancel(): Promise<void> {
    await this.#attempt(() => this.#core.cancelExport(this.#number));
  }

  async show(): Promise<void> {
    const { written } = this;
    if (written !== null) await this.#attempt(() => this.#core.showExport(written.place));
  }

  /** Drags what was written out of the window, with the mouse button down. False if the platform does not support it. */
  async drag(): Promise<boolean> {
    const { written } = this;
    return written !== null && ((await this.#attempt(() => this.#core.dragExport(written.place))) ?? false);
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
