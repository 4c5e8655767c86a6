/** Commands available on every screen. */
import type { Commands } from "../state/actions/actions.svelte";
import type { RunId } from "../api/bindings";
import type { App } from "../state/app.svelte";
import { forScreenActions } from "../state/screens";
import { redoLatest, undoLatest } from "../state/undo";

/** `runShown` is the only run whose layer is shown, if any. */
export function frameCommands(app: App, runShown: () => RunId | null): Commands {
  return {
    // Available from everywhere, because the tour is not modal.
    "everywhere.escape": { do: () => app.tour.end(), can: () => app.tour.at !== null },
    "everywhere.palette": () => (app.isPaletteOpen = true),
    "everywhere.shortcuts": () => (app.areShortcutsOpen = true),
    ...forScreenActions((screen) => () => app.navigation.show(screen)),
    "everywhere.export": {
      do: () => void app.exporting.open(runShown()),
      can: () => (app.overview.all?.counts.all ?? 0) > 0,
    },
    "everywhere.import": {
      do: () => void app.importing.open(),
      can: () => !app.frontEnd.isReadOnly && (app.overview.all?.counts.all ?? 0) > 0,
    },
    "everywhere.undo": () => void undoLatest(app),
    "everywhere.redo": () => void redoLatest(app),
    "everywhere.folders": () => void app.imports.chooseFolders(),
    "everywhere.files": { do: () => app.imports.chooseFiles(), can: () => !app.frontEnd.isDesktop },
    "everywhere.samples": () => void app.imports.importSamples(),
    "everywhere.theme": () => void app.settings.save({ theme: app.settings.isLight ? "dark" : "light" }),
    "everywhere.tour": () => app.tour.begin(),
    "everywhere.keyboard": () => app.navigation.showSettings("keyboard"),
  };
}
