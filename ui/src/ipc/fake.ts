/**
 * The whole core in memory, for browsers and tests: deterministic, without a disk or a model behind it. What it shows is
 * chosen in the address:
 *
 * - the library: `?images=0` is empty, `?images=100000` large; `?annotations=1000` puts so many annotations on every image, `?mistakes` seeds
 *   annotations that are likely mistakes; `?similar` has images that look alike, `?hollow` a collection in which nothing could be
 *   read; `?layers` has the proposals of two runs; `?unchecked=500` has so many images still to be looked through for mistakes; `?unplugged` has only the thumbnails of its photos, `?unplugged=all` not even these;
 * - recipes: `?recipes=0` are none; `?birds` has been annotated with one of few labels and with attributes;
 * - the way to Claude: `?priced` adds its models, `?key` has a key for them, `?environment` takes all from variables,
 *   `?keychainless` has no keychain, `?endpoints` has additional endpoints, of which `?closed` closes one under way;
 * - runs: `?interrupted` has a latest one whose process died, with `?priced` while some requests were under way;
 *   `?stopped=key_rejected` one that ended so, `?batch` one that began last night; `?held=unreachable` holds a run for that
 *   reason, `?still` lets none come further than half-way; `?answered` counts the answers of the past as paid for, `?diagnosed`
 *   has something to change in every report, `?hooks` has hooks;
 * - an unwell core: see `fake/server_failing.ts`.
 */
import type { CollectionId, ImageId, RecipeId, RetryKind, RunMode, Settings, Step, StopReason } from "./bindings";
import { FakeAudits } from "./fake/audits";
import { outlookOf } from "./fake/bound";
import { FakeComparison } from "./fake/comparison";
import { EVERY_DIAGNOSIS } from "../../test/diagnoses";
import { claudeName, DEFAULT_CLAUDE } from "./fake/claude";
import { ENDPOINTS, FakeConnection, hostOf, PROVIDER, providerIn } from "./fake/connection";
import { fileName, FORMATS, readyExport } from "./fake/exports";
import { CLAUDE_FLOW_HOOKS, FakeHooks, PAST_HOOKS, pastHookRuns } from "./fake/hooks";
import { FakeImporting } from "./fake/importing";
import { FakeLibrary } from "./fake/library";
import { missingUrl, photoOf, PHOTOS, photoUrl } from "./fake/photos";
import { queryText, readQuery } from "./fake/query/read";
import { FakeQuestions } from "./fake/questions";
import { builtIn, quote } from "./fake/quote";
import { FakeRecipes } from "./fake/recipes";
import { refuse } from "./fake/refuse";
import { FakeRepairs } from "./fake/repairs";
import { endpointsOf } from "./fake/endpoints";
import { type FakeModel, type FakeOrder, FakeRun, PLAIN_ORDER } from "./fake/runs";
import { DEFAULT_SETTINGS } from "./fake/settings";
import { followersOf } from "./fake/similar";
import { server_failing } from "./fake/server_failing";
import { ALL_LAYERS, layersShown } from "../state/layers";
import type { EventKind, EventOf, Seam } from "./seam";
import { cardIn } from "./fake/layers";

const DEFAULT_IMAGES = 60;
/** A batch run of the past began so long ago. */
const A_NIGHT_MILLIS = 7.2 * 3_600_000;

export function openFake(search: string): Seam {
  const query = new URLSearchParams(search);
  const images = Number(query.get("images") ?? DEFAULT_IMAGES);
  const fake = new Fake(images, query);
  if (typeof window !== "undefined") fake.listenForDrops(window);
  return server_failing(fake as Omit<Seam, Missing> as Seam, query);
}

/** What only the real core can do. */
type Missing =
  | "removeImages"
  | "restoreImages"
  | "addSmartCollection"
  | "saveSmartCollection"
  | "deleteSmartCollection"
  | "recipeVersions"
  | "saveRecipe"
  | "duplicateRecipe"
  | "restoreRecipe"
  | "validateRecipe"
  | "importRecipeFile"
  | "recipeFile"
  | "previewRecipe"
  | "imageInfo"
  | "imagePosition"
  | "showImageFile"
  | "folders"
  | "importFolders"
  | "beginUpload"
  | "importUpload"
  | "cancelUpload";

class Fake implements Omit<Seam, Missing> {
  readonly #library: FakeLibrary;
  readonly #questions: FakeQuestions;
  readonly #repairs: FakeRepairs;
  readonly #audits: FakeAudits;
  readonly #recipes = new FakeRecipes();
  readonly #runs: FakeRun[] = [];
  readonly #connection: FakeConnection;
  readonly #hooks = new FakeHooks();
  readonly #importing: FakeImporting;
  readonly #comparison: FakeComparison;
  readonly #hasPriced: boolean;
  readonly #heldAs: RetryKind;
  readonly #hasSimilar: boolean;
  readonly #isDiagnosed: boolean;
  readonly #closesLast: boolean;
  readonly #standsStill: boolean;
  readonly #unplugged: string | null;
  /** Images that are still to be looked through for mistakes, however long one waits. */
  readonly #unchecked: number;
  /** The runs of the past whose answers do not count: their recipe has changed since. */
  readonly #outdatedRuns: number;
  readonly #listeners = new Map<string, Set<(payload: never) => void>>();
  #settings: Settings = { ...DEFAULT_SETTINGS };

  constructor(images: number, query: URLSearchParams) {
    this.#library = new FakeLibrary(images, {
      crowd: Number(query.get("annotations") ?? 0),
      hasMistakes: query.has("mistakes"),
      hasHollow: query.has("hollow"),
      hasTwoLayers: query.has("layers"),
    });
    this.#audits = new FakeAudits(this.#library);
    this.#comparison = new FakeComparison(this.#library, (run) => this.#run(run));
    this.#importing = new FakeImporting(this.#library, (progress) => {
      this.#emit({ kind: "library_changed" });
      this.#emit({ kind: "import_changed", progress });
    });
    this.#questions = new FakeQuestions(this.#library, () => [...this.#runs]);
    this.#repairs = new FakeRepairs(this.#library, this.#questions);
    this.#connection = new FakeConnection(query);
    this.#hasPriced = query.has("priced");
    this.#heldAs = (query.get("held") ?? "rate_limited") as RetryKind;
    this.#hasSimilar = query.has("similar");
    this.#isDiagnosed = query.has("diagnosed");
    this.#closesLast = query.has("closed");
    this.#standsStill = query.has("still");
    this.#unplugged = query.get("unplugged");
    this.#unchecked = Number(query.get("unchecked") ?? 0);
    if (query.has("endpoints")) {
      this.#settings.providers = [{ id: PROVIDER.id, endpoints: [...ENDPOINTS] }];
      this.#settings.agreed_hosts = ENDPOINTS.map(({ base_url }) => hostOf(base_url) ?? "");
    }
    if (query.has("hooks")) {
      this.#settings.hooks = PAST_HOOKS;
      this.#hooks.agree("after_run", PAST_HOOKS.after_run ?? "");
    }
    if (images > 0) this.#addPast(query, images);
    if (query.get("recipes") === "0") this.#recipes.forgetAll();
    this.#outdatedRuns = query.has("answered") ? 0 : this.#runs.length;
  }

  #addPast(query: URLSearchParams, images: number): void {
    const recipe = this.#recipes.get(query.has("birds") ? 2 : 1);
    const claude = this.#model(DEFAULT_CLAUDE);
    const stopped = query.get("stopped") as StopReason | null;
    this.#runs.push(FakeRun.past(1, this.#library, recipe, builtIn, Math.ceil(images / 3)));
    this.#runs.push(
      FakeRun.past(2, this.#library, recipe, this.#hasPriced ? claude : builtIn, Math.ceil(images * 0.85)),
    );
    if (query.has("hooks")) this.#runs[1]?.noteHooks(pastHookRuns(2));
    if (stopped)
      this.#runs.push(FakeRun.halfDone(3, this.#library, recipe, claude, { kind: "stopped", reason: stopped }));
    else if (query.has("interrupted")) {
      const model = this.#hasPriced ? claude : builtIn;
      this.#runs.push(FakeRun.halfDone(3, this.#library, recipe, model, { kind: "interrupted" }));
    } else if (query.has("batch")) {
      const ids = this.#library.selected({ kind: "all" });
      const order: FakeOrder = { ...PLAIN_ORDER, mode: "batch" };
      const began = Date.now() - A_NIGHT_MILLIS;
      const run = new FakeRun(3, this.#library, recipe, claude, ids, () => this.#runChanged(), began, order);
      this.#runs.push(run);
      run.start();
    }
  }

  /** Files dragged over a browser's window stand in for those that the core sees; a drop brings a folder in. */
  listenForDrops(target: Window): void {
    const drag = (isOver: boolean) => (event: DragEvent) => {
      event.preventDefault();
      this.#emit({ kind: "drag_changed", is_over: isOver });
      if (event.type === "drop") void this.chooseFolders();
    };
    target.addEventListener("dragover", drag(true));
    target.addEventListener("dragleave", drag(false));
    target.addEventListener("drop", drag(false));
  }

  overview: Seam["overview"] = async (collection) => this.#library.overview(collection ?? null);
  imageIds: Seam["imageIds"] = async (query) => this.#questions.imageIds(query);
  filterCounts: Seam["filterCounts"] = async (query) => ({
    ...this.#questions.counts(query),
    unchecked: this.#unchecked,
  });
  readQuery: Seam["readQuery"] = async (text) => readQuery(text);
  queryText: Seam["queryText"] = async (conditions) => queryText(conditions);
  completeQuery: Seam["completeQuery"] = async (text, cursor) => this.#questions.complete(text, cursor);
  imageCards: Seam["imageCards"] = async (ids, layers) =>
    structuredClone(this.#questions.cards(ids, layers ?? ALL_LAYERS));
  skippedFiles: Seam["skippedFiles"] = async (collection) => this.#library.skipped(collection ?? null);

  renameCollection: Seam["renameCollection"] = async (collection, name) => this.#changeFolder(collection, { name });
  removeCollection: Seam["removeCollection"] = async (collection) =>
    this.#changeFolder(collection, { isRemoved: true });
  restoreCollection: Seam["restoreCollection"] = async (collection) =>
    this.#changeFolder(collection, { isRemoved: false });
  showCollectionFolder: Seam["showCollectionFolder"] = async () => null;

  #changeFolder(collection: CollectionId, change: { name?: string; isRemoved?: boolean }): null {
    this.#library.changeFolder(collection, change);
    this.#emit({ kind: "library_changed" });
    return null;
  }

  chooseFolders: Seam["chooseFolders"] = async () => {
    this.#importing.begin("Riverbank, spring", 240, [
      { path: "/photos/riverbank/thumbs.db", reason: { kind: "not_an_image" } },
      { path: "/photos/riverbank/IMG_2044.tif", reason: { kind: "too_many_pixels", megapixels: 412.5 } },
    ]);
    return true;
  };

  importSamples: Seam["importSamples"] = async () => {
    this.#importing.begin("Samples", PHOTOS.length, []);
    return null;
  };

  cancelImport: Seam["cancelImport"] = async () => {
    this.#importing.cancel();
    return null;
  };

  recipes: Seam["recipes"] = async () => this.#recipes.all();
  saveTypedRecipe: Seam["saveTypedRecipe"] = async (typed) => this.#recipes.saveTyped(typed);

  deleteRecipe: Seam["deleteRecipe"] = async (recipe) => {
    this.#recipes.delete(recipe);
    return null;
  };

  quote: Seam["quote"] = async ({ images, recipe, ...terms }) => {
    const ids = this.#library.selected(images);
    return quote(
      ids,
      this.#recipes.get(recipe).recipe,
      this.#hasPriced
        ? {
            destination: this.#connection.destination(this.#settings),
            unavailable: this.#connection.unavailable(this.#settings),
            answered: (model) => this.#answered(model, recipe),
          }
        : null,
      this.#followers(ids),
      terms,
    );
  };

  startRun: Seam["startRun"] = async ({ images, recipe, model, budget_dollars: budget, ...asked }) => {
    const ids = this.#library.selected(images);
    if (ids.length === 0) return refuse("no_images");
    const worker = this.#model(model);
    if (worker.destination.kind === "host") this.#allow(worker.destination.name);
    const id = this.#runs.length + 1;
    const isElsewhere = worker.destination.kind === "host";
    const answered = asked.ignores_saved_answers || !isElsewhere ? new Set<ImageId>() : this.#answered(model, recipe);
    const known = new Set(ids.filter((image) => answered.has(image)));
    const order: FakeOrder = {
      mode: asked.mode,
      concurrency: asked.options.concurrency ?? null,
      answered: known,
      followers: asked.propagates_to_similar ? this.#followers(ids.filter((image) => !known.has(image))) : new Map(),
      endpoints: this.#endpoints(asked.mode),
      closesLast: this.#closesLast,
      heldAs: this.#heldAs,
      standsStill: this.#standsStill,
    };
    const saved = this.#recipes.get(recipe);
    const run = new FakeRun(id, this.#library, saved, worker, ids, () => this.#runChanged(), Date.now(), order);
    run.limitTo(budget);
    this.#runs.push(run);
    run.start();
    return id;
  };

  readonly browser = null;
  frontEnd: Seam["frontEnd"] = async () => ({ is_desktop: true, is_read_only: false, roots: [] });
  watchRun: Seam["watchRun"] = async (run, progress) => this.#run(run).watch(progress);

  pauseRun: Seam["pauseRun"] = async (run) => {
    this.#run(run).stop("paused");
    return null;
  };

  resumeRun: Seam["resumeRun"] = async ({
    run,
    budget_dollars: budget,
    accepts_repeats,
    retries_failed,
    gives_up_batches,
  }) => {
    this.#run(run).resume(budget, accepts_repeats, retries_failed, gives_up_batches);
    return null;
  };

  cancelRun: Seam["cancelRun"] = async (run) => {
    this.#run(run).stop("cancelled");
    return null;
  };

  runs: Seam["runs"] = async () => this.#runs.map((run) => run.summary()).reverse();
  runReport: Seam["runReport"] = async (run) => {
    const report = this.#run(run).report();
    return this.#isDiagnosed ? { ...report, diagnoses: [...EVERY_DIAGNOSIS] } : report;
  };

  undoRun: Seam["undoRun"] = async (run) => {
    const taken = this.#library.undoRun(this.#run(run).id);
    this.#emit({ kind: "library_changed" });
    return taken;
  };

  saveMetrics: Seam["saveMetrics"] = async (run) => `/home/you/run-${this.#run(run).id}-metrics.json`;

  exportFormats: Seam["exportFormats"] = async () => FORMATS;
  readyExport: Seam["readyExport"] = async (run, request) => readyExport(this.#library, this.#run(run).id, request);
  saveExport: Seam["saveExport"] = async (run, request) => `/home/you/${fileName(this.#run(run).id, request)}`;
  // The browser's own drag is all there is here, and it takes no files along.
  dragExport: Seam["dragExport"] = async () => false;

  decide: Seam["decide"] = async (decision, layers) =>
    this.#stepped(this.#library.decide(decision, layers ?? ALL_LAYERS), layers ?? ALL_LAYERS);
  editAnnotations: Seam["editAnnotations"] = async (edit, layers) =>
    this.#stepped(this.#library.edit(edit, layers ?? ALL_LAYERS), layers ?? ALL_LAYERS);
  undoLatest: Seam["undoLatest"] = async (layers) => this.#stepped(this.#library.undoLatest(), layers ?? ALL_LAYERS);
  undoOn: Seam["undoOn"] = async (image, layers) => this.#stepped(this.#library.undoOn(image), layers ?? ALL_LAYERS);
  redoLatest: Seam["redoLatest"] = async (layers) => this.#stepped(this.#library.redoLatest(), layers ?? ALL_LAYERS);
  redoOn: Seam["redoOn"] = async (image, layers) => this.#stepped(this.#library.redoOn(image), layers ?? ALL_LAYERS);

  compareSides: Seam["compareSides"] = async (first, second) => this.#comparison.sides(first, second);
  compareImage: Seam["compareImage"] = async (image, first, second) => this.#comparison.image(image, first, second);

  #stepped<Taken extends Step | null>(step: Taken, layers = ALL_LAYERS): Taken {
    if (step) this.#emit({ kind: "library_changed" });
    return structuredClone(step && { ...step, image: cardIn(layers, step.image) });
  }

  findings: Seam["findings"] = async (image, layers) => this.#questions.findings(image, layers ?? ALL_LAYERS);
  repairExtent: Seam["repairExtent"] = async (check, query) => this.#repairs.extent(check, query);
  repair: Seam["repair"] = async (check, query, sparesDecided) =>
    this.#swept(this.#repairs.repair(check, query, sparesDecided));
  proposalConfidences: Seam["proposalConfidences"] = async (query) =>
    this.#audits.confidences(this.#questions.imageIds(query), layersShown(query));
  sampleOutlook: Seam["sampleOutlook"] = async (sample, errorLimit) => outlookOf(sample, errorLimit);
  beginAudit: Seam["beginAudit"] = async (request) =>
    this.#audits.begin(request, this.#questions.imageIds(request.query), Date.now());
  extendAudit: Seam["extendAudit"] = async (audit, more) => this.#audits.extend(audit, more);
  audit: Seam["audit"] = async (audit) => this.#audits.get(audit);
  audits: Seam["audits"] = async () => this.#audits.all();
  acceptAudited: Seam["acceptAudited"] = async (audit) => this.#swept(this.#audits.accept(audit));

  /** Many images are not what they were. */
  #swept<Done>(done: Done): Done {
    this.#emit({ kind: "library_changed" });
    return done;
  }

  connections: Seam["connections"] = async () => this.#connection.overview(this.#settings);

  keepKey: Seam["keepKey"] = async (_provider, baseUrl, key) => {
    this.#connection.keep(baseUrl, key);
    return this.#connection.overview(this.#settings);
  };

  forgetKey: Seam["forgetKey"] = async (_provider, baseUrl) => {
    this.#connection.forget(baseUrl ?? null);
    return this.#connection.overview(this.#settings);
  };

  allowEnvFile: Seam["allowEnvFile"] = async () => {
    this.#connection.allowEnvFile();
    return this.#connection.overview(this.#settings);
  };

  checkConnection: Seam["checkConnection"] = async () => this.#connection.check(this.#settings);

  settings: Seam["settings"] = async () => ({ ...this.#settings });

  changeSettings: Seam["changeSettings"] = async (before, after) => {
    if (providerIn(after).endpoints?.some(({ base_url }) => hostOf(base_url) === null)) refuse("address");
    const changed = Object.entries(after).filter(([name, value]) => {
      return JSON.stringify(value) !== JSON.stringify(before[name as keyof Settings]);
    });
    this.#settings = { ...this.#settings, ...Object.fromEntries(changed) };
    this.#emit({ kind: "settings_changed" });
    return { ...this.#settings };
  };

  hooks: Seam["hooks"] = async () => {
    const past = this.#runs.flatMap((run) => run.report().hooks);
    return this.#hooks.standings(this.#settings.hooks ?? {}, past);
  };
  agreeToHook: Seam["agreeToHook"] = async (event, command) => {
    this.#hooks.agree(event, command);
    return null;
  };
  claudeFlowHooks: Seam["claudeFlowHooks"] = async () => ({ ...CLAUDE_FLOW_HOOKS });

  installation: Seam["installation"] = async () => ({
    version: "0.1.0",
    library_folder: "/home/you/.local/share/fieldmark",
    settings_file: "/home/you/.local/share/fieldmark/settings.toml",
    metrics_file: "/home/you/.local/share/fieldmark/metrics/batch-annotation-metrics.json",
    processors: 8,
  });

  pixelUrl: Seam["pixelUrl"] = (image, edge) => {
    const photo = photoOf(image);
    const isGone = this.#unplugged === "all" || (this.#unplugged !== null && edge !== 384);
    return isGone ? missingUrl(`/media/disk/${this.#library.card(image).name}`) : photoUrl(photo);
  };

  on<Kind extends EventKind>(kind: Kind, listener: (event: EventOf<Kind>) => void): () => void {
    const listeners = this.#listeners.get(kind) ?? new Set();
    this.#listeners.set(kind, listeners);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  #emit(event: EventOf<EventKind>): void {
    for (const listener of this.#listeners.get(event.kind) ?? []) (listener as (event: unknown) => void)(event);
  }

  #runChanged(): void {
    this.#emit({ kind: "library_changed" });
    this.#emit({ kind: "runs_changed", runs: this.#runs.flatMap((each) => each.working) });
  }

  #answered(model: string, recipe: RecipeId): ReadonlySet<ImageId> {
    return new Set(this.#runs.slice(this.#outdatedRuns).flatMap((run) => [...run.answeredTo(model, recipe)]));
  }

  #followers(ids: readonly ImageId[]): ReadonlyMap<ImageId, ImageId[]> {
    return this.#hasSimilar ? followersOf(ids) : new Map();
  }

  /** Batches go the first way alone. */
  #endpoints(mode: RunMode): FakeOrder["endpoints"] {
    const { host } = this.#connection.describe(this.#settings);
    const concurrency = this.#settings.run?.concurrency ?? null;
    const endpoints = endpointsOf(host, concurrency, providerIn(this.#settings), (endpoint) => {
      const { key, problem } = this.#connection.endpoint(endpoint, this.#settings);
      return key !== null && problem === null;
    });
    return mode === "batch" ? endpoints.slice(0, 1) : endpoints;
  }

  #model(id: string): FakeModel {
    const name = claudeName(id);
    return name === null ? builtIn : { id, name, destination: this.#connection.destination(this.#settings) };
  }

  /** Refuses as the core does what may not be sent. */
  #allow(host: string): void {
    const unavailable = this.#connection.unavailable(this.#settings);
    if (unavailable)
      refuse(
        unavailable.kind === "local_only" || unavailable.kind === "no_key" ? unavailable.kind : "unusable_connection",
      );
    if (!this.#settings.agreed_hosts?.includes(host)) refuse("not_agreed");
  }

  #run(id: number): FakeRun {
    return this.#runs.find((run) => run.id === id) ?? refuse("library");
  }
}
