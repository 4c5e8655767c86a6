/** The seam in the app: the only file of the window that knows Tauri. */
import { Channel, convertFileSrc } from "@tauri-apps/api/core";

import { commands, events, type AppError, type RunProgress } from "./bindings";
import { ALL_LAYERS } from "../state/layers";
import type { Seam, Signals } from "./seam";

type Answer<T> = { status: "ok"; data: T } | { status: "error"; error: AppError };

async function settled<T>(answer: Promise<Answer<T>>): Promise<T> {
  const settledAnswer = await answer;
  if (settledAnswer.status === "error") throw settledAnswer.error;
  return settledAnswer.data;
}

/** Listens, and gives the way to stop listening at once, though Tauri takes a moment to subscribe. */
function subscribed(subscription: Promise<() => void>): () => void {
  return () => void subscription.then((unlisten) => unlisten());
}

export function openSeam(): Promise<Seam> {
  /** The core serves one watch, the latest by its number: commands may overtake each other on their way. */
  let latestWatch = 0;
  const seam: Seam = {
    overview: (collection) => settled(commands.overview(collection)),
    imageIds: (query) => settled(commands.imageIds(query)),
    filterCounts: (query) => settled(commands.filterCounts(query)),
    readQuery: (text) => commands.readQuery(text),
    queryText: (conditions) => commands.queryText(conditions),
    completeQuery: (text, cursor) => settled(commands.completeQuery(text, cursor)),
    imageCards: (ids, layers = ALL_LAYERS) => settled(commands.imageCards(ids, layers)),
    skippedFiles: (collection) => settled(commands.skippedFiles(collection)),
    renameCollection: (collection, name) => settled(commands.renameCollection(collection, name)),
    removeCollection: (collection) => settled(commands.removeCollection(collection)),
    restoreCollection: (collection) => settled(commands.restoreCollection(collection)),
    showCollectionFolder: (collection) => settled(commands.showCollectionFolder(collection)),
    chooseFolders: () => settled(commands.chooseFolders()),
    importSamples: () => settled(commands.importSamples()),
    cancelImport: () => settled(commands.cancelImport()),

    recipes: () => settled(commands.recipes()),
    saveTypedRecipe: (typed) => settled(commands.saveTypedRecipe(typed)),
    deleteRecipe: (recipe) => settled(commands.deleteRecipe(recipe)),
    quote: (request) => settled(commands.quote(request)),

    startRun: (request) => settled(commands.startRun(request)),
    watchRun: async (run, progress) => {
      const watch = ++latestWatch;
      let isWatching = true;
      const snapshots = new Channel<RunProgress>();
      snapshots.onmessage = (snapshot) => {
        if (isWatching) progress(snapshot);
      };
      await settled(commands.watchRun(watch, run, snapshots));
      return () => {
        if (isWatching) void commands.stopWatching(watch);
        isWatching = false;
      };
    },
    pauseRun: (run) => settled(commands.pauseRun(run)),
    resumeRun: (request) => settled(commands.resumeRun(request)),
    cancelRun: (run) => settled(commands.cancelRun(run)),

    runs: () => settled(commands.runs()),
    runReport: (run) => settled(commands.runReport(run)),
    undoRun: (run) => settled(commands.undoRun(run)),
    saveMetrics: (run) => settled(commands.saveMetrics(run)),
    exportFormats: () => commands.exportFormats(),
    readyExport: (run, request) => settled(commands.readyExport(run, request)),
    saveExport: (run, request) => settled(commands.saveExport(run, request)),
    dragExport: (run, request) => settled(commands.dragExport(run, request)),

    decide: (decision, layers = ALL_LAYERS) => settled(commands.decide(decision, layers)),
    editAnnotations: (edit, layers = ALL_LAYERS) => settled(commands.editAnnotations(edit, layers)),
    undoLatest: (layers = ALL_LAYERS) => settled(commands.undoLatest(layers)),
    undoOn: (image, layers = ALL_LAYERS) => settled(commands.undoOn(image, layers)),
    redoLatest: (layers = ALL_LAYERS) => settled(commands.redoLatest(layers)),
    redoOn: (image, layers = ALL_LAYERS) => settled(commands.redoOn(image, layers)),

    findings: (image, layers = ALL_LAYERS) => settled(commands.findings(image, layers)),
    repairExtent: (check, query) => settled(commands.repairExtent(check, query)),
    repair: (check, query, sparesDecided) => settled(commands.repair(check, query, sparesDecided)),
    proposalConfidences: (query) => settled(commands.proposalConfidences(query)),
    sampleOutlook: (sample, errorLimit) => settled(commands.sampleOutlook(sample, errorLimit)),
    beginAudit: (request) => settled(commands.beginAudit(request)),
    extendAudit: (audit, more) => settled(commands.extendAudit(audit, more)),
    audit: (audit) => settled(commands.audit(audit)),
    audits: () => settled(commands.audits()),
    acceptAudited: (audit) => settled(commands.acceptAudited(audit)),
    compareSides: (first, second) => settled(commands.compareSides(first, second)),
    compareImage: (image, first, second) => settled(commands.compareImage(image, first, second)),

    connections: () => settled(commands.connections()),
    keepKey: (provider, baseUrl, key) => settled(commands.keepKey(provider, baseUrl, key)),
    forgetKey: (provider, baseUrl) => settled(commands.forgetKey(provider, baseUrl)),
    allowEnvFile: () => settled(commands.allowEnvFile()),
    checkConnection: (provider) => settled(commands.checkConnection(provider)),

    hooks: () => settled(commands.hooks()),
    agreeToHook: (event, command) => settled(commands.agreeToHook(event, command)),
    claudeFlowHooks: () => settled(commands.claudeFlowHooks()),

    settings: () => settled(commands.settings()),
    changeSettings: (before, after) => settled(commands.changeSettings(before, after)),
    installation: () => settled(commands.installation()),

    // On Windows a custom scheme is served as http://thumb.localhost; Tauri knows the difference.
    pixelUrl: (image, edge) => `${convertFileSrc("", "thumb")}${String(image)}/${String(edge)}`,
    on: (name, listener) => {
      const subscribe: { [Name in keyof Signals]: (heard: (payload: Signals[Name]) => void) => () => void } = {
        importChanged: (heard) => subscribed(events.importChanged.listen(({ payload }) => heard(payload))),
        libraryChanged: (heard) => subscribed(events.libraryChanged.listen(() => heard(null))),
        settingsChanged: (heard) => subscribed(events.settingsChanged.listen(() => heard(null))),
        runsChanged: (heard) => subscribed(events.runsChanged.listen(({ payload }) => heard(payload))),
        dragChanged: (heard) =>
          subscribed(events.dragChanged.listen(({ payload }) => heard({ isOver: payload.is_over }))),
        refused: (heard) => subscribed(events.refused.listen(({ payload }) => heard(payload))),
      };
      return subscribe[name](listener);
    },
  };
  return Promise.resolve(seam);
}
