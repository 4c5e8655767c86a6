/** The state of the window: one store per concern, and the events of the core that they follow. */
import { Exporting } from "../export/exporting.svelte";
import type { ExportSource } from "../export/scopes";
import type { ImageQuery, RunId } from "../api/bindings";
import type { Core } from "../api/core";
import { Importing } from "../importing/importing.svelte";
import { RunTraces } from "../run/trace";
import { Actions } from "./actions/actions.svelte";
import { Activity } from "./activity.svelte";
import { BatchNotices } from "./batchNotices.svelte";
import { Connections } from "./connections.svelte";
import { FrontEnd } from "./frontEnd.svelte";
import { Calibrating } from "./calibrating.svelte";
import { LocalServers } from "./localServers.svelte";
import { InfoState } from "./info.svelte";
import { ImportState } from "./imports.svelte";
import { ImportedLayers } from "./importedLayers.svelte";
import { LabelColors } from "./labelColors.svelte";
import { MonthState } from "./month.svelte";
import { Navigation } from "./navigation.svelte";
import { Notices } from "./notices.svelte";
import { Overview } from "./overview.svelte";
import { RecentImages } from "./recent.svelte";
import { Scope } from "./scope.svelte";
import type { Screen } from "./screens";
import { SettingsState } from "./settings.svelte";
import { Support } from "./support.svelte";
import { Tour } from "./tour.svelte";

export class App {
  readonly core: Core;
  readonly actions = new Actions();
  readonly info = new InfoState();
  readonly recent = new RecentImages();
  readonly labelColors = new LabelColors();
  readonly runTraces = new RunTraces();
  readonly notices = new Notices();
  readonly navigation = new Navigation((from, to) => this.#screenChanges(from, to));
  readonly tour = new Tour(
    (screen) => this.navigation.show(screen),
    () => (this.overview.all?.labels.length ?? 0) > 0,
  );
  readonly frontEnd: FrontEnd;
  readonly overview: Overview;
  readonly scope: Scope;
  readonly settings: SettingsState;
  readonly connections: Connections;
  readonly localServers = new LocalServers(this);
  readonly calibrating = new Calibrating(this);
  readonly support = new Support(this);
  readonly month: MonthState;
  readonly imports: ImportState;
  readonly batchNotices: BatchNotices;
  readonly activity: Activity;
  /** The export in preparation; its dialog opens over any screen. */
  readonly exporting: Exporting;
  /** The import of annotations in preparation; its dialog opens over any screen. */
  readonly importing: Importing;
  readonly importedLayers: ImportedLayers;

  /** Undo functions of removals from the library, latest last. A removal is not a step of the library's history. */
  removals: (() => Promise<void>)[] = [];
  areShortcutsOpen = $state(false);
  isPaletteOpen = $state(false);
  isOnline = $state(true);

  /** What can be exported from the library, which sets this. */
  libraryQuery: () => ImageQuery = () => ({ collection: null, conditions: [], order: "added" });

  #stopListening: (() => void)[] = [];

  constructor(core: Core) {
    this.core = core;
    this.frontEnd = new FrontEnd(core, this.notices, this.actions);
    this.overview = new Overview(core, this.notices, () => this.scope.collection);
    this.scope = new Scope(this.navigation, this.overview);
    this.settings = new SettingsState(core, this.notices, (changed) => this.connections.settingsChanged(changed));
    this.connections = new Connections(core, this.notices, this.settings);
    this.month = new MonthState(core);
    this.imports = new ImportState(core, this.notices, this.overview, this.tour);
    this.batchNotices = new BatchNotices(core);
    this.activity = new Activity(this.notices, this.batchNotices);
    this.exporting = new Exporting(
      core,
      (error) => this.notices.refused(error),
      (run) => this.exportSource(run),
    );
    this.importing = new Importing(core, (error) => this.notices.refused(error));
    this.importedLayers = new ImportedLayers(core);
  }

  /** What the user looks at, for an export. */
  exportSource(run: RunId | null): ExportSource {
    const { collection, collectionName, selected } = this.scope;
    return { run, collection, collectionName, query: this.libraryQuery(), selected: [...selected] };
  }

  /** Loads what the frame shows and subscribes to changes. */
  async start(): Promise<void> {
    this.#stopListening = [
      this.core.on("library_changed", () => {
        this.overview.refreshSoon();
        this.month.refreshSoon();
        this.importedLayers.refreshSoon();
      }),
      this.core.on("dataset_dropped", ({ path }) => void this.importing.open(path)),
      this.core.on("settings_changed", () => {
        this.month.refreshSoon();
        void this.settings.refresh();
      }),
      this.core.on("import_changed", ({ progress }) => this.imports.changed(progress)),
      this.core.on("runs_changed", ({ runs }) => this.activity.changed(runs)),
      this.core.on("drag_changed", ({ is_over }) => (this.imports.isDragOver = is_over)),
      this.core.on("refused", ({ error }) => this.notices.refused(error)),
    ];
    await Promise.all([
      this.frontEnd.load(),
      this.settings.load(),
      this.connections.load(),
      this.overview.reload(),
      this.month.load(),
      this.importedLayers.load(),
      this.notices.attempt(() => this.batchNotices.load()),
    ]);
    if (this.frontEnd.endedUnexpectedly) this.support.tellUnexpectedEnd();
  }

  stop(): void {
    for (const stop of this.#stopListening) stop();
    this.#stopListening = [];
    this.overview.stop();
    this.month.stop();
    this.importedLayers.stop();
  }

  #screenChanges(from: Screen, to: Screen): void {
    this.removals = [];
    this.notices.dismissForHere();
    if (to !== "run" || this.navigation.run !== null) this.tour.screenShown(to);
    if (from === "library" && to === "plan") this.scope.followSelection();
  }
}
