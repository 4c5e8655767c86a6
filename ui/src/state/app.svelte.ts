/**
 * State of the whole window: current screen, collection and images, and data from the core. Screens keep their own
 * state in classes of their own.
 */
import type {
  AuditId,
  CollectionId,
  Connection,
  ConnectionOverview,
  ImageId,
  ImageQuery,
  ImageSelection,
  ImportProgress,
  LayerScope,
  LibraryOverview,
  ProviderSettings,
  RunId,
  Settings,
  Side,
  WorkingRun,
} from "../ipc/bindings";
import type { Seam } from "../ipc/seam";
import { refusalWords, words } from "../messages";
import { visible } from "../messages/visible";
import { Exporting } from "../export/exporting.svelte";
import { Actions } from "./actions/actions.svelte";
import { LabelColors } from "./labelColors.svelte";
import { BatchNotices } from "./batchNotices.svelte";
import { keep, recall } from "./kept";
import { layersShown } from "./layers";
import { RecentImages } from "./recent.svelte";
import { isReachable, type Screen } from "./screens";
import { Selection } from "./selection";
import { Tour } from "./tour.svelte";

/** A part of the settings that other screens lead to. */
export type SettingsPart = "providers" | "privacy" | "hooks" | "language" | "keyboard";

/** Whether anything can leave this machine, and why; `unknown` until the core has answered. */
export type Privacy = "unknown" | "locked" | "nothing_set_up" | "key";

export type ToastTone = "plain" | "good" | "bad";

export interface Toast {
  id: number;
  text: string;
  tone: ToastTone;
  action: {
    label: string;
    do: () => void;
    /** Dismissed when the screen changes, because its action applies only here. */
    isForHere?: true;
  } | null;
}

/** The images to review, and the current one. */
export interface ReviewQueue {
  ids: ImageId[];
  index: number;
  /** The query behind them; absent if they were picked individually. */
  query?: ImageQuery;
}

/** Two runs, or a run and people's decisions. */
export interface ComparedSides {
  first: Side;
  second: Side;
}

const TOAST_MILLIS = 6000;
const BAD_TOAST_MILLIS = 12000;
const MAX_TOASTS = 3;
/** During imports and runs the library changes constantly; it is reloaded at most this often. */
const RELOAD_INTERVAL_MILLIS = 500;

/** Settings that connections are made of. */
const CONNECTION_SETTINGS: readonly (keyof Settings)[] = ["providers", "run", "agreed_hosts", "is_local_only"];

export class App {
  readonly seam: Seam;
  readonly batchNotices: BatchNotices;
  /** The export in preparation; its dialog opens over any screen. */
  readonly exporting: Exporting;
  readonly actions = new Actions();
  readonly recent = new RecentImages();
  readonly labelColors = new LabelColors();
  readonly tour = new Tour((screen) => this.show(screen));

  screen = $state<Screen>(recall("screen", isReachable) ?? "library");
  /** The previous screen; a screen may continue where that one ended. */
  cameFrom: Screen | null = null;
  collection = $state<CollectionId | null>(null);
  /** Chosen in a toolbar; if null, the query decides: the runs it names, or all. */
  layers = $state.raw<LayerScope | null>(null);
  /** Selected in the library grid. */
  selected = $state.raw(Selection.none);
  /** The run on the run screen. */
  run = $state<RunId | null>(null);
  review = $state.raw<ReviewQueue | null>(null);
  /** The audit that is shown. */
  audit = $state<AuditId | null>(null);
  /** Set by `compare`; otherwise likely sides are compared. */
  compared = $state.raw<ComparedSides | null>(null);
  /** Set by `planFor`; otherwise the plan is for the collection. */
  planned = $state.raw<ImageSelection | null>(null);

  /** All collections together; null until the core has answered. */
  library = $state.raw<LibraryOverview | null>(null);
  /** Of `collection`. */
  overview = $state.raw<LibraryOverview | null>(null);
  /** Increases whenever images, annotations or decisions may have changed; screens with cards watch it. */
  libraryVersion = $state(0);
  /** The current import; null if there is none. */
  importProgress = $state.raw<ImportProgress | null>(null);
  isDragOver = $state(false);
  /** Active runs, whatever screen is shown. */
  workingRuns = $state.raw<WorkingRun[]>([]);

  settings = $state.raw<Settings>({ theme: "dark", writes_metrics: false });
  /** The connections to all providers; null until the core has answered. */
  connections = $state.raw<ConnectionOverview | null>(null);
  /** Where the settings open; null at their top. */
  settingsPart = $state.raw<SettingsPart | null>(null);
  toasts = $state.raw<Toast[]>([]);
  /** Undo functions of removals in the library, latest last. A removal is not a step of the library's history. */
  removals: (() => Promise<void>)[] = [];
  areShortcutsOpen = $state(false);
  isPaletteOpen = $state(false);
  isOnline = $state(true);
  /** Whether the library could not be read. */
  isUnread = $state(false);
  /** The desktop's theme, used if the user chose "System". */
  isDesktopLight = $state(false);
  readonly isLight = $derived(
    this.settings.theme === "light" || (this.settings.theme !== "dark" && this.isDesktopLight),
  );

  /** The images a plan is for. */
  readonly imagesToPlan = $derived<ImageSelection>(
    this.planned ?? (this.collection === null ? { kind: "all" } : { kind: "collection", id: this.collection }),
  );
  /** The layers shown in review and comparison. */
  readonly layersInReview = $derived(
    layersShown({ conditions: this.review?.query?.conditions ?? [], layers: this.layers }),
  );
  readonly collectionName = $derived(
    this.library?.collections.find((collection) => collection.id === this.collection)?.name ?? null,
  );

  /** Servers that images are being sent to now. */
  readonly sendingTo = $derived(
    this.workingRuns.flatMap(({ destination }) => (destination.kind === "host" ? [destination.name] : [])),
  );
  readonly privacy = $derived<Privacy>(this.#privacy());

  /** The samples were just requested, so the tour may start. */
  #mayTour = false;
  #latestToast = 0;
  #stopListening: (() => void)[] = [];
  #isReloading = false;
  #mustReloadAgain = false;
  #reloadTimer: ReturnType<typeof setTimeout> | null = null;
  #reloadedAt = Number.NEGATIVE_INFINITY;

  constructor(seam: Seam) {
    this.seam = seam;
    this.batchNotices = new BatchNotices(seam);
    this.exporting = new Exporting(seam, (refusal) => this.notify(refusalWords(refusal), "bad"));
  }

  /** Loads what the frame shows and subscribes to changes. */
  async start(): Promise<void> {
    this.#stopListening = [
      this.seam.on("library_changed", () => this.#libraryChanged()),
      this.seam.on("settings_changed", () => void this.readSettings()),
      this.seam.on("import_changed", ({ progress }) => this.#importChanged(progress)),
      this.seam.on("runs_changed", ({ runs }) => this.#runsChanged(runs)),
      this.seam.on("drag_changed", ({ is_over }) => (this.isDragOver = is_over)),
      this.seam.on("refused", ({ error }) => this.notify(refusalWords(error), "bad")),
    ];
    await Promise.all([
      this.attempt(async () => (this.settings = await this.seam.settings())),
      this.loadConnections(),
      this.reload(),
      this.attempt(() => this.batchNotices.load()),
    ]);
  }

  async loadConnections(): Promise<void> {
    await this.attempt(async () => (this.connections = await this.seam.connections()));
  }

  stop(): void {
    for (const stop of this.#stopListening) stop();
    this.#stopListening = [];
    if (this.#reloadTimer !== null) clearTimeout(this.#reloadTimer);
  }

  show(screen: Screen): void {
    this.settingsPart = null;
    // The library's plan button shows how many images the plan gets.
    if (screen === "plan" && this.screen === "library") this.planned = this.#selection();
    this.#go(screen);
  }

  showCollection(collection: CollectionId | null): void {
    if (collection !== this.collection) {
      this.collection = collection;
      this.selected = Selection.none;
      this.planned = null;
      this.overview = collection === null ? this.library : null;
    }
    this.#go("library");
    void this.reload();
  }

  showSettings(part: SettingsPart): void {
    this.settingsPart = part;
    this.#go("settings");
  }

  planFor(selection: ImageSelection): void {
    this.planned = selection;
    this.#go("plan");
  }

  openReview(ids: ImageId[], index: number, query?: ImageQuery): void {
    this.review = query === undefined ? { ids, index } : { ids, index, query };
    this.#go("review");
  }

  showAudit(audit: AuditId): void {
    this.audit = audit;
    this.#go("audit");
  }

  compare(sides: ComparedSides): void {
    this.compared = sides;
    this.#go("compare");
  }

  showRun(run: RunId): void {
    this.run = run;
    this.#go("run");
  }

  #go(screen: Screen): void {
    if (screen !== this.screen) {
      this.cameFrom = this.screen;
      this.removals = [];
      this.toasts = this.toasts.filter(({ action }) => !action?.isForHere);
    }
    this.screen = screen;
    keep("screen", screen);
  }

  #runsChanged(runs: WorkingRun[]): void {
    const before = this.workingRuns.map(({ run }) => run).join();
    this.workingRuns = runs;
    // A run started or ended.
    if (runs.map(({ run }) => run).join() !== before) void this.attempt(() => this.batchNotices.load());
  }

  #libraryChanged(): void {
    if (this.#reloadTimer !== null) return;
    const wait = Math.max(0, this.#reloadedAt + RELOAD_INTERVAL_MILLIS - Date.now());
    this.#reloadTimer = setTimeout(() => {
      this.#reloadTimer = null;
      void this.reload();
    }, wait);
  }

  /** Reloads the overview. Concurrent calls are merged into one more reload. */
  async reload(): Promise<void> {
    if (this.#isReloading) {
      this.#mustReloadAgain = true;
      return;
    }
    this.#isReloading = true;
    this.#reloadedAt = Date.now();
    try {
      do {
        this.#mustReloadAgain = false;
        await this.#readOverview();
      } while (this.#mustReloadAgain);
    } finally {
      this.#isReloading = false;
    }
  }

  async #readOverview(): Promise<void> {
    const isRead = await this.attempt(async () => {
      const collection = this.collection;
      const library = await this.seam.overview(null);
      const overview = collection === null ? library : await this.seam.overview(collection);
      this.library = library;
      if (collection === this.collection) this.overview = overview;
      this.libraryVersion += 1;
      return true;
    });
    this.isUnread = isRead !== true && this.library === null;
  }

  chooseFolders(): Promise<boolean | undefined> {
    return this.attempt(() => this.seam.chooseFolders());
  }

  importSamples(): Promise<null | undefined> {
    this.#mayTour = true;
    return this.attempt(() => this.seam.importSamples());
  }

  /** Returns whether they were saved. */
  async saveSettings(changed: Partial<Settings>): Promise<boolean> {
    const before = this.settings;
    const after = { ...before, ...changed };
    this.settings = after;
    const saved = await this.attempt(() => this.seam.changeSettings(before, after));
    // Includes changes by others since, unless this window changed settings again meanwhile.
    if (this.settings === after) this.settings = saved ?? before;
    // What connections are made of are settings too; the core says what became of them.
    if (saved && CONNECTION_SETTINGS.some((name) => name in changed)) await this.loadConnections();
    return saved !== undefined;
  }

  /** The connection to the provider with this id; null until the core has answered. */
  connectionTo(provider: string): Connection | null {
    return this.connections?.connections.find((connection) => connection.provider.id === provider) ?? null;
  }

  /** What is set for the provider with this id. */
  providerSettings(id: string): ProviderSettings {
    return this.settings.providers?.find((provider) => provider.id === id) ?? { id };
  }

  /** Whether it was saved. */
  saveProvider(id: string, changed: Partial<ProviderSettings>): Promise<boolean> {
    const others = this.settings.providers ?? [];
    const after = { ...this.providerSettings(id), ...changed };
    const isKnown = others.some((provider) => provider.id === id);
    const providers = isKnown ? others.map((provider) => (provider.id === id ? after : provider)) : [...others, after];
    return this.saveSettings({ providers });
  }

  /** Takes in what a text editor or another process has changed. */
  async readSettings(): Promise<void> {
    const settings = await this.attempt(() => this.seam.settings());
    if (!settings || JSON.stringify(settings) === JSON.stringify(this.settings)) return;
    this.settings = settings;
    await this.loadConnections();
  }

  /** Runs a call that may fail; a failure is shown, and the result is undefined. */
  async attempt<Answer>(action: () => Promise<Answer>): Promise<Answer | undefined> {
    try {
      return await action();
    } catch (refused) {
      // Details go to the log; the user sees the message.
      console.warn(refused);
      this.notify(refusalWords(refused), "bad");
      return undefined;
    }
  }

  notify(said: string, tone: ToastTone = "plain", action: Toast["action"] = null): void {
    const text = visible(said);
    const id = ++this.#latestToast;
    this.toasts = [...this.toasts.filter((toast) => toast.text !== text), { id, text, tone, action }].slice(
      -MAX_TOASTS,
    );
    setTimeout(() => this.dismiss(id), tone === "bad" ? BAD_TOAST_MILLIS : TOAST_MILLIS);
  }

  dismiss(id: number): void {
    this.toasts = this.toasts.filter((toast) => toast.id !== id);
  }

  #privacy(): Privacy {
    if (this.settings.is_local_only) return "locked";
    if (this.connections === null) return "unknown";
    return this.connections.connections.every(({ key }) => key === null) ? "nothing_set_up" : "key";
  }

  #selection(): ImageSelection | null {
    const { size } = this.selected;
    // The whole collection is named instead of listed, and includes images added later.
    if (size === 0 || size === this.overview?.counts.all) return null;
    return { kind: "images", ids: [...this.selected] };
  }

  #importChanged(progress: ImportProgress): void {
    if (!progress.is_finished) {
      this.importProgress = progress;
      return;
    }
    this.importProgress = null;
    if (this.#mayTour && progress.added > 0) this.tour.beginOnce();
    this.#mayTour = false;
    this.notify(
      progress.is_cancelled
        ? words.frame.importCancelled(progress.added)
        : words.frame.imported(progress.added, progress.known, progress.skipped, progress.leftovers),
      progress.added > 0 ? "good" : "plain",
    );
    void this.reload();
  }
}
