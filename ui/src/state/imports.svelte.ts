/** Importing: the current import and its result. */
import type { ImportProgress } from "../ipc/bindings";
import type { Seam } from "../ipc/seam";
import { words } from "../messages";
import type { Notices } from "./notices.svelte";
import type { Overview } from "./overview.svelte";
import type { Tour } from "./tour.svelte";

export class ImportState {
  /** The current import; null if there is none. */
  progress = $state.raw<ImportProgress | null>(null);
  isDragOver = $state(false);

  /** The samples were just requested, so the tour may start. */
  #mayTour = false;
  readonly #seam: Seam;
  readonly #notices: Notices;
  readonly #overview: Overview;
  readonly #tour: Tour;

  constructor(seam: Seam, notices: Notices, overview: Overview, tour: Tour) {
    this.#seam = seam;
    this.#notices = notices;
    this.#overview = overview;
    this.#tour = tour;
  }

  chooseFolders(): Promise<boolean | undefined> {
    return this.#notices.attempt(() => this.#seam.chooseFolders());
  }

  importSamples(): Promise<null | undefined> {
    this.#mayTour = true;
    return this.#notices.attempt(() => this.#seam.importSamples());
  }

  changed(progress: ImportProgress): void {
    if (!progress.is_finished) {
      this.progress = progress;
      return;
    }
    this.progress = null;
    if (this.#mayTour && progress.added > 0) this.#tour.beginOnce();
    this.#mayTour = false;
    this.#notices.show(
      progress.is_cancelled
        ? words.frame.importCancelled(progress.added)
        : words.frame.imported(progress.added, progress.known, progress.skipped, progress.leftovers),
      progress.added > 0 ? "good" : "plain",
    );
    void this.#overview.reload();
  }
}
