/** What the actions do that every screen has. */
import type { Deeds } from "../state/actions/actions.svelte";
import type { RunId } from "../ipc/bindings";
import type { App } from "../state/app.svelte";

/** `runShown` is the one whose layer is shown, when it is one. */
export function frameDeeds(app: App, runShown: () => RunId | null): Deeds {
  return {
    // Whatever has the keyboard: the tour is not modal, and is left from everywhere.
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
    "everywhere.folders": () => void app.chooseFolders(),
    "everywhere.samples": () => void app.importSamples(),
    "everywhere.theme": () => void app.saveSettings({ theme: app.isLight ? "dark" : "light" }),
    "everywhere.tour": () => app.tour.begin(),
    "everywhere.keyboard": () => app.showSettings("keyboard"),
  };
}
