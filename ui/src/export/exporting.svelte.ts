/** State of the export dialog: run, format, options, and the result. */
import type { ExportRequest, FormatDescriptor, FormatId, ReadyExport, RunId, RunSummary } from "../api/bindings";
import type { Core } from "../api/core";

export type ExportingCore = Pick<
  Core,
  "runs" | "exportFormats" | "readyExport" | "saveExport" | "dragExport" | "browser"
>;

/** Result of writing: pending, contents, or the error. */
export type Readiness =
  { kind: "writing" } | { kind: "ready"; file: ReadyExport } | { kind: "refused"; refusal: unknown };

export class Exporting {
  isOpen = $state(false);
  /** Runs with answers, newest first; null until the core has answered. */
  runs = $state.raw<readonly RunSummary[] | null>(null);
  run = $state<RunId | null>(null);
  /** All formats; empty until the core has answered. */
  formats = $state.raw<readonly FormatDescriptor[]>([]);
  /** One of `formats`; the first by default. */
  format = $state<FormatId>("");
  isReviewedOnly = $state(false);
  includesRejected = $state(false);
  readiness = $state.raw<Readiness>({ kind: "writing" });
  isSaving = $state(false);
  /** Whether dragging out of the window was tried and is unsupported. */
  isStuck = $state(false);

  readonly #core: ExportingCore;
  readonly #refused: (refusal: unknown) => void;
  /** Only the latest request counts. */
  #latest = 0;

  readonly request = $derived<ExportRequest>({
    format: this.format,
    annotations: { is_reviewed_only: this.isReviewedOnly, includes_rejected: this.includesRejected },
  });

  constructor(core: ExportingCore, refused: (refusal: unknown) => void) {
    this.#core = core;
    this.#refused = refused;
  }

  /** For this run, or the newest. */
  async open(run: RunId | null = null): Promise<void> {
    this.runs = null;
    this.run = run;
    this.isOpen = true;
    try {
      const [runs, formats] = await Promise.all([this.#core.runs(), this.#core.exportFormats()]);
      this.formats = formats;
      this.format ||= formats[0]?.id ?? "";
      this.runs = runs.filter(({ done }) => done > 0);
      this.run ??= this.runs[0]?.id ?? null;
    } catch (refusal) {
      this.close();
      this.#refused(refusal);
      return;
    }
    await this.write();
  }

  close(): void {
    this.isOpen = false;
    this.#latest += 1;
  }

  /** Changes options and writes the export again. */
  async choose(
    chosen: Partial<Pick<Exporting, "run" | "format" | "isReviewedOnly" | "includesRejected">>,
  ): Promise<void> {
    Object.assign(this, chosen);
    await this.write();
  }

  /** Writes the export to a place from which it can be dragged. */
  async write(): Promise<void> {
    const { run, request } = this;
    const asked = ++this.#latest;
    this.readiness = { kind: "writing" };
    if (run === null) return;
    const readiness = await this.#core.readyExport(run, request).then(
      (file): Readiness => ({ kind: "ready", file }),
      (refusal: unknown): Readiness => ({ kind: "refused", refusal }),
    );
    if (asked === this.#latest) this.readiness = readiness;
  }

  /** The address from which a browser saves the export; null in the desktop app, or if there is nothing to save. */
  get download(): string | null {
    const { browser } = this.#core;
    if (browser === null || this.run === null || this.readiness.kind !== "ready" || this.isFolder) return null;
    return browser.exported(this.run, this.request);
  }

  /** Whether the format is a folder rather than a file. */
  get isFolder(): boolean {
    return this.formats.find(({ id }) => id === this.format)?.package.kind === "folder";
  }

  /** Asks for a path; returns it, or null if cancelled or failed. */
  async save(): Promise<string | null> {
    const { run, request } = this;
    if (run === null || this.isSaving) return null;
    this.isSaving = true;
    const path = await this.#attempt(() => this.#core.saveExport(run, request));
    this.isSaving = false;
    if (path != null) this.close();
    return path ?? null;
  }

  /** Drags the file out of the window, with the mouse button down. */
  async drag(): Promise<void> {
    const { run, request } = this;
    if (run !== null && this.readiness.kind === "ready") {
      const begun = await this.#attempt(() => this.#core.dragExport(run, request));
      if (begun !== undefined) this.isStuck = !begun;
    }
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
