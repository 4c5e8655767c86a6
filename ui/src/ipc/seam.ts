/**
 * The interface between the window and the core. `tauri.ts` implements it in the app, `fake.ts` in a browser; nothing
 * else knows which one is used. Every call rejects with an `AppError`: a code that the message catalogue translates,
 * and the core's message for the log.
 */
import type {
  AppError,
  Audit,
  AuditId,
  AuditRequest,
  BulkEditResult,
  Check,
  CheckFinding,
  CollectionId,
  ComparedPair,
  Comparison,
  Completion,
  Condition,
  Connection,
  ConnectionCheck,
  Decision,
  ExportRequest,
  FormatDescriptor,
  FilterCounts,
  HookEvent,
  HookStanding,
  Hooks,
  ImageCard,
  ImageEdit,
  ImageId,
  ImageQuery,
  ImportProgress,
  Installation,
  LabelConfidences,
  LayerScope,
  LibraryOverview,
  PlanRequest,
  Quote,
  ReadQuery,
  ReadyExport,
  RecipeId,
  RepairExtent,
  ResumeRequest,
  RunId,
  RunProgress,
  RunReport,
  RunRequest,
  RunSummary,
  SampleOutlook,
  SavedRecipe,
  Settings,
  Side,
  SkippedFile,
  Step,
  WorkingRun,
} from "./bindings";

/** Image sizes that the core serves: the maximum long edge, or `full`. */
export type PixelEdge = 384 | 2048 | 4096 | "full";

/** Events from the core. */
export interface Signals {
  importChanged: ImportProgress;
  /** Collections, images, annotations or decisions changed. */
  libraryChanged: null;
  /** The settings changed, perhaps by a text editor or another process. */
  settingsChanged: null;
  /** Active runs and their progress. */
  runsChanged: WorkingRun[];
  /** Whether files are being dragged over the window. */
  dragChanged: { isOver: boolean };
  /** An operation that was not started by a call failed, such as an import after a drop. */
  refused: AppError;
}

export interface Seam {
  overview(collection: CollectionId | null): Promise<LibraryOverview>;
  imageIds(query: ImageQuery): Promise<ImageId[]>;
  /** Number of images for each filter combined with the query. */
  filterCounts(query: ImageQuery): Promise<FilterCounts>;
  /** Parses a typed query, as far as it is valid. */
  readQuery(text: string): Promise<ReadQuery>;
  /** Formats conditions as text. */
  queryText(conditions: Condition[]): Promise<string>;
  /** Completions for the word at the cursor. Positions count characters. */
  completeQuery(text: string, cursor: number): Promise<Completion>;
  /** In the given order, with the annotations of these layers, or of all; missing ids are skipped. */
  imageCards(ids: ImageId[], layers?: LayerScope): Promise<ImageCard[]>;
  skippedFiles(collection: CollectionId | null): Promise<SkippedFile[]>;
  renameCollection(collection: CollectionId, name: string): Promise<null>;
  /** Files, answers and decisions are kept. */
  removeCollection(collection: CollectionId): Promise<null>;
  /** Undoes a removal. */
  restoreCollection(collection: CollectionId): Promise<null>;
  /** Opens the folder of a collection in the system's file manager. */
  showCollectionFolder(collection: CollectionId): Promise<null>;
  /** Opens the system's folder dialog and imports what is chosen; false when it was cancelled. */
  chooseFolders(): Promise<boolean>;
  importSamples(): Promise<null>;
  cancelImport(): Promise<null>;

  recipes(): Promise<SavedRecipe[]>;
  /** Saves a recipe from a typed list of names, or returns the existing equal one. */
  saveTypedRecipe(typed: string): Promise<SavedRecipe>;
  deleteRecipe(recipe: RecipeId): Promise<null>;
  quote(request: PlanRequest): Promise<Quote>;

  startRun(request: RunRequest): Promise<RunId>;
  /**
   * Calls back at most ten times a second, and once more when the run has stopped. Returns a function that
   * unsubscribes.
   */
  watchRun(run: RunId, progress: (snapshot: RunProgress) => void): Promise<() => void>;
  pauseRun(run: RunId): Promise<null>;
  resumeRun(request: ResumeRequest): Promise<null>;
  cancelRun(run: RunId): Promise<null>;

  /** Newest first. */
  runs(): Promise<RunSummary[]>;
  runReport(run: RunId): Promise<RunReport>;
  /** Removes the run's undecided proposals; returns how many. */
  undoRun(run: RunId): Promise<number>;
  /** Opens the system's save dialog; returns the path, or null if cancelled. */
  saveMetrics(run: RunId): Promise<string | null>;
  /** All formats in display order. */
  exportFormats(): Promise<FormatDescriptor[]>;
  /** Writes an export to a place from which it can be dragged, and describes its contents. */
  readyExport(run: RunId, request: ExportRequest): Promise<ReadyExport>;
  /** Opens the system's save dialog; returns the path, or null if cancelled. */
  saveExport(run: RunId, request: ExportRequest): Promise<string | null>;
  /** Starts dragging an exported file; false if the platform does not support it. */
  dragExport(run: RunId, request: ExportRequest): Promise<boolean>;

  /**
   * A decision about an image applies to its proposals in the shown layers, or in all. Like every step, it returns the
   * image in these layers.
   */
  decide(decision: Decision, layers?: LayerScope): Promise<Step>;
  /** Adds, changes and removes annotations as one step. The core clips them at the image edge. */
  editAnnotations(edit: ImageEdit, layers?: LayerScope): Promise<Step>;
  /** Undoes the latest step on any image, a bulk edit as a whole; null when there is none. */
  undoLatest(layers?: LayerScope): Promise<Step | null>;
  /** Undoes the latest step on an image, or a bulk edit if it was the last action; null if there is nothing. */
  undoOn(image: ImageId, layers?: LayerScope): Promise<Step | null>;
  /** Redoes the latest undone step on any image; null if there was a change since, or nothing. */
  redoLatest(layers?: LayerScope): Promise<Step | null>;
  /** Redoes the latest undone step on an image, or a bulk edit if it was the last action; null if there is nothing. */
  redoOn(image: ImageId, layers?: LayerScope): Promise<Step | null>;

  /** Findings of the checks among the annotations of these layers, or of all. */
  findings(image: ImageId, layers?: LayerScope): Promise<CheckFinding[]>;
  /** What a repair of a query's images would change. */
  repairExtent(check: Check, query: ImageQuery): Promise<RepairExtent>;
  /**
   * Repairs all such mistakes on a query's images as one step for `undoLatest`, optionally sparing annotations that a
   * person accepted, edited or drew.
   */
  repair(check: Check, query: ImageQuery, sparesDecided: boolean): Promise<BulkEditResult>;
  /** Confidences of proposals by label, most frequent first. */
  proposalConfidences(query: ImageQuery): Promise<LabelConfidences[]>;
  /** What a sample of this size can show. */
  sampleOutlook(sample: number, errorLimit: number): Promise<SampleOutlook>;
  /** Draws a random sample of the proposals at or above a threshold. Its annotations are decided as any others. */
  beginAudit(request: AuditRequest): Promise<Audit>;
  /** Extends the sample in its random order. */
  extendAudit(audit: AuditId, more: number): Promise<Audit>;
  audit(audit: AuditId): Promise<Audit>;
  /** Newest first. */
  audits(): Promise<Audit[]>;
  /** Accepts the audit's undecided proposals as one step for `undoLatest`. */
  acceptAudited(audit: AuditId): Promise<Audit>;

  compareSides(first: Side, second: Side): Promise<Comparison>;
  /** Differences first. */
  compareImage(image: ImageId, first: Side, second: Side): Promise<ComparedPair[]>;

  /** The current connection to Claude; never includes a key. */
  connection(): Promise<Connection>;
  /** Stores a key for the server at `baseUrl`, or for Claude's if null. Keys are never returned. */
  keepKey(baseUrl: string | null, key: string): Promise<Connection>;
  forgetKey(baseUrl: string | null): Promise<Connection>;
  /** Allows the `.env` file of the working folder, as shown, until it changes. */
  allowEnvFile(): Promise<Connection>;
  /** Tests the connection without sending an image. */
  checkConnection(): Promise<ConnectionCheck>;

  /** All events with their command, in order of occurrence. */
  hooks(): Promise<HookStanding[]>;
  /** The user has seen and allows exactly this command. */
  agreeToHook(event: HookEvent, command: string): Promise<null>;
  /** Commands that report runs to Claude Flow; nothing is saved. */
  claudeFlowHooks(): Promise<Hooks>;

  settings(): Promise<Settings>;
  /** Applies the difference between `before` and `after`. Returns the resulting settings. */
  changeSettings(before: Settings, after: Settings): Promise<Settings>;
  installation(): Promise<Installation>;

  /** URL of an image's upright pixels, for `img` and canvas (with `crossorigin`). */
  pixelUrl(image: ImageId, edge: PixelEdge): string;
  /** Returns a function that unsubscribes. */
  on<Name extends keyof Signals>(name: Name, listener: (payload: Signals[Name]) => void): () => void;
}
