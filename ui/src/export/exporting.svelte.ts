/** An export before it is carried away: of which run, in which form, with which annotations, and what it holds. */
import type { ExportRequest, FormatDescriptor, FormatId, ReadyExport, RunId, RunSummary } from "../ipc/bindings";
import type { Seam } from "../ipc/seam";

export type ExportingSeam = Pick<Seam, "runs" | "exportFormats" | "readyExport" | "saveExport" | "dragExport">;

/** What came of writing it: not known yet, what it holds, or why there is none. */
export type Readiness =
  { kind: "writing" } | { kind: "ready"; file: ReadyExport } | { kind: "refused"; refusal: unknown };

export class Exporting {
  isOpen = $state(false);
  /** Those that have been answered, the newest first; null until the core has said. */
  runs = $state.raw<readonly RunSummary[] | null>(null);
  run = $state<RunId | null>(null);
  /** Every format there is; empty until the core has said. */
  formats = $state.raw<readonly FormatDescriptor[]>([]);
  /** One of `formats`; the first unless the person has chosen another. */
  format = $state<FormatId>("");
  isReviewedOnly = $state(false);
  includesRejected = $state(false);
  readiness = $state.raw<Readiness>({ kind: "writing" });
  isSaving = $state(false);
  /** Whether no file could be dragged out of the window when it was tried. */
  isStuck = $state(false);

  readonly #seam: ExportingSeam;
  readonly #refused: (refusal: unknown) => void;
  /** What is asked later is answered later, and only the latest counts. */
  #latest = 0;

  readonly request = $derived<ExportRequest>({
    format: this.format,
    annotations: { is_reviewed_only: this.isReviewedOnly, includes_rejected: this.includesRejected },
  });

  constructor(seam: ExportingSeam, refused: (refusal: unknown) => void) {
    this.#seam = seam;
    this.#refused = refused;
  }

  /** Of the run asked for, or of the newest. */
  async open(run: RunId | null = null): Promise<void> {
    this.runs = null;
    this.run = run;
    this.isOpen = true;
    try {
      const [runs, formats] = await Promise.all([this.#seam.runs(), this.#seam.exportFormats()]);
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

  /** Takes what was chosen, and writes it anew. */
  async choose(
    chosen: Partial<Pick<Exporting, "run" | "format" | "isReviewedOnly" | "includesRejected">>,
  ): Promise<void> {
    Object.assign(this, chosen);
    await this.write();
  }

  /** Writes the export where it can be looked at and dragged from. */
  async write(): Promise<void> {
    const { run, request } = this;
    const asked = ++this.#latest;
    this.readiness = { kind: "writing" };
    if (run === null) return;
    const readiness = await this.#seam.readyExport(run, request).then(
      (file): Readiness => ({ kind: "ready", file }),
      (refusal: unknown): Readiness => ({ kind: "refused", refusal }),
    );
    if (asked === this.#latest) this.readiness = readiness;
  }

  /** Asks where it is to be; the path written, or null when nothing was. */
  async save(): Promise<string | null> {
    const { run, request } = this;
    if (run === null || this.isSaving) return null;
    this.isSaving = true;
    const path = await this.#attempt(() => this.#seam.saveExport(run, request));
    this.isSaving = false;
    if (path != null) this.close();
    return path ?? null;
  }

  /** Drags the file out of the window; the mouse button is down. */
  async drag(): Promise<void> {
    const { run, request } = this;
    if (run !== null && this.readiness.kind === "ready") {
      const begun = await this.#attempt(() => this.#seam.dragExport(run, request));
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
