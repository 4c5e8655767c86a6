/**
 * The one door between the window and the core. `tauri.ts` opens it in the app, `fake.ts` in a browser; nothing else in
 * the window knows which of the two it talks to.
 *
 * Every call rejects with an `AppError`: a code that the message catalogue turns into words, and the core's own message
 * for the log.
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
  ConnectionCheck,
  ConnectionOverview,
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

/** Sizes in which the core serves pixels: long edge at most that many pixels, `full` as the file has it. */
export type PixelEdge = 384 | 2048 | 4096 | "full";

/** Things that happened in the core without being asked for. */
export interface Signals {
  importChanged: ImportProgress;
  /** Collections, images, annotations or decisions are not what they were. */
  libraryChanged: null;
  /** The settings were changed, perhaps by a text editor or another process. */
  settingsChanged: null;
  /** The runs that are worked on, and how far they are. */
  runsChanged: WorkingRun[];
  /** Whether files are being dragged over the window. */
  dragChanged: { isOver: boolean };
  /** Something that was begun without a call, such as an import after a drop, could not be done. */
  refused: AppError;
}

export interface Seam {
  overview(collection: CollectionId | null): Promise<LibraryOverview>;
  imageIds(query: ImageQuery): Promise<ImageId[]>;
  /** How many images there would be with each filter beside the query. */
  filterCounts(query: ImageQuery): Promise<FilterCounts>;
  /** Reads what can be read of a typed question. */
  readQuery(text: string): Promise<ReadQuery>;
  /** Writes conditions as they are typed. */
  queryText(conditions: Condition[]): Promise<string>;
  /** What the word at the cursor of a half typed question may become. Places count characters. */
  completeQuery(text: string, cursor: number): Promise<Completion>;
  /** In the order asked for, with the annotations of these layers, or of all; ids that are gone are skipped. */
  imageCards(ids: ImageId[], layers?: LayerScope): Promise<ImageCard[]>;
  skippedFiles(collection: CollectionId | null): Promise<SkippedFile[]>;
  renameCollection(collection: CollectionId, name: string): Promise<null>;
  /** Its files stay, and so does what was answered and decided about its images. */
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
  /** Saves "find these things" from a typed list, or gives back the recipe that already says the same. */
  saveTypedRecipe(typed: string): Promise<SavedRecipe>;
  deleteRecipe(recipe: RecipeId): Promise<null>;
  quote(request: PlanRequest): Promise<Quote>;

  startRun(request: RunRequest): Promise<RunId>;
  /** Calls back at most ten times a second, once more when the run has stopped. Returns the way to stop listening. */
  watchRun(run: RunId, progress: (snapshot: RunProgress) => void): Promise<() => void>;
  pauseRun(run: RunId): Promise<null>;
  resumeRun(request: ResumeRequest): Promise<null>;
  cancelRun(run: RunId): Promise<null>;

  /** The newest first. */
  runs(): Promise<RunSummary[]>;
  runReport(run: RunId): Promise<RunReport>;
  /** Takes the run's undecided proposals back; returns how many. */
  undoRun(run: RunId): Promise<number>;
  /** Opens the system's save dialog; the path written, or null when it was cancelled. */
  saveMetrics(run: RunId): Promise<string | null>;
  /** Every format, in the order in which people are shown them. */
  exportFormats(): Promise<FormatDescriptor[]>;
  /** Writes an export where it can be dragged from, and says what it holds. */
  readyExport(run: RunId, request: ExportRequest): Promise<ReadyExport>;
  /** Opens the system's save dialog; the path written, or null when it was cancelled. */
  saveExport(run: RunId, request: ExportRequest): Promise<string | null>;
  /** Begins to drag the file of an export that is ready; false where the platform does not let a window do that. */
  dragExport(run: RunId, request: ExportRequest): Promise<boolean>;

  /**
   * A decision about an image is about its proposals in the layers that are shown, or in all. As every step, it returns the
   * image as these layers show it.
   */
  decide(decision: Decision, layers?: LayerScope): Promise<Step>;
  /** Adds, changes and removes marks as one step. What reaches over the image's edge is cut off there. */
  editAnnotations(edit: ImageEdit, layers?: LayerScope): Promise<Step>;
  /** Undoes the latest step on any image, a bulk edit as a whole; null when there is none. */
  undoLatest(layers?: LayerScope): Promise<Step | null>;
  /** Undoes the latest step on an image, or a bulk edit that nothing was done after; null when there is nothing. */
  undoOn(image: ImageId, layers?: LayerScope): Promise<Step | null>;
  /** Redoes what was undone last on any image; null when something was done since, or there is nothing. */
  redoLatest(layers?: LayerScope): Promise<Step | null>;
  /** Redoes the step on an image that was undone last, or a bulk edit that nothing was done after; null when there is nothing. */
  redoOn(image: ImageId, layers?: LayerScope): Promise<Step | null>;

  /** What the checks find among the annotations of these layers on an image, or of all. */
  findings(image: ImageId, layers?: LayerScope): Promise<CheckFinding[]>;
  /** What a repair of the images of a question would change. */
  repairExtent(check: Check, query: ImageQuery): Promise<RepairExtent>;
  /**
   * Repairs every such mistake on the images of a question, as one step for `undoLatest`; none that a person has accepted,
   * edited or drawn, when those are to be spared.
   */
  repair(check: Check, query: ImageQuery, sparesDecided: boolean): Promise<BulkEditResult>;
  /** How confident proposals are, label by label, the most frequent first. */
  proposalConfidences(query: ImageQuery): Promise<LabelConfidences[]>;
  /** What a sample of this size can say. */
  sampleOutlook(sample: number, errorLimit: number): Promise<SampleOutlook>;
  /** Draws a random sample of the proposals at or above a threshold. Its annotations are decided as any others. */
  beginAudit(request: AuditRequest): Promise<Audit>;
  /** Looks at so many more of the random order that was drawn. */
  extendAudit(audit: AuditId, more: number): Promise<Audit>;
  audit(audit: AuditId): Promise<Audit>;
  /** The newest first. */
  audits(): Promise<Audit[]>;
  /** Accepts what the audit was about and is undecided, as one step for `undoLatest`. */
  acceptAudited(audit: AuditId): Promise<Audit>;

  compareSides(first: Side, second: Side): Promise<Comparison>;
  /** Differences first. */
  compareImage(image: ImageId, first: Side, second: Side): Promise<ComparedPair[]>;

  /** The connections to all providers as they are set up now; never a key. */
  connections(): Promise<ConnectionOverview>;
  /** Hands a provider's key over for the server at `baseUrl`, or with null for the one that is set up; nothing gives it back. */
  keepKey(provider: string, baseUrl: string | null, key: string): Promise<ConnectionOverview>;
  forgetKey(provider: string, baseUrl: string | null): Promise<ConnectionOverview>;
  /** Uses the `.env` file of the working folder, as it is shown, until it changes. */
  allowEnvFile(): Promise<ConnectionOverview>;
  /** Asks the server of a provider, without an image. */
  checkConnection(provider: string): Promise<ConnectionCheck>;

  /** Every event with its command, in the order in which they come. */
  hooks(): Promise<HookStanding[]>;
  /** The person has seen exactly this command, and when it runs. */
  agreeToHook(event: HookEvent, command: string): Promise<null>;
  /** Commands that tell Claude Flow of every run; nothing is saved by this. */
  claudeFlowHooks(): Promise<Hooks>;

  settings(): Promise<Settings>;
  /** Changes what differs between `before`, which was shown, and `after`. Returns the settings as they are then. */
  changeSettings(before: Settings, after: Settings): Promise<Settings>;
  installation(): Promise<Installation>;

  /** Where the pixels of an image are: upright, for `img` and canvas (with `crossorigin`). */
  pixelUrl(image: ImageId, edge: PixelEdge): string;
  /** Returns the way to stop listening. */
  on<Name extends keyof Signals>(name: Name, listener: (payload: Signals[Name]) => void): () => void;
}
