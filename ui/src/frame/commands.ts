/** Commands available on every screen. */
import type { Commands } from "../state/actions/actions.svelte";
import type { RunId } from "../ipc/bindings";
import type { App, Screen } from "../state/app.svelte";
import { redoLatest, undoLatest } from "../state/undo";

const HAVE_UNDO: ReadonlySet<Screen> = new Set<Screen>(["review", "audit", "compare"]);

/** `runShown` is the only run whose layer is shown, if any. */
export function frameCommands(app: App, runShown: () => RunId | null): Commands {
  return {
    // Available from everywhere, because the tour is not modal.
    "everywhere.escape": { do: () => app.tour.end(), can: () => app.tour.at !== null },
    "everywhere.palette": () => (app.isPaletteOpen = true),
    "everywhere.shortcuts": () => (app.areShortcutsOpen = true),
    "everywhere.library": () => app.show("library"),
    "everywhere.plan": () => app.show("plan"),
    "everywhere.run": () => app.show("run"),
    "everywhere.review": () => app.show("review"),
    "everywhere.history": () => app.show("history"),
    "everywhere.compare": () => app.show("compare"),
    "everywhere.settings": () => app.show("settings"),
    "everywhere.export": {
      do: () => void app.exporting.open(runShown()),
      can: () => (app.library?.counts.all ?? 0) > 0,
    },
    // Review, audit and compare have their own undo, which shows the image.
    "library.undo": { do: () => void undoLatest(app), can: () => !HAVE_UNDO.has(app.screen) },
    "library.redo": { do: () => void redoLatest(app), can: () => !HAVE_UNDO.has(app.screen) },
    "everywhere.folders": () => void app.chooseFolders(),
    "everywhere.samples": () => void app.importSamples(),
    "everywhere.theme": () => void app.saveSettings({ theme: app.isLight ? "dark" : "light" }),
    "everywhere.tour": () => app.tour.begin(),
    "everywhere.keyboard": () => app.showSettings("keyboard"),
  };
}
