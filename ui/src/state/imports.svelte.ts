/** Adding photos: the current upload and import, and their results. */
import type { ImportProgress } from "../api/bindings";
import type { Core } from "../api/core";
import { type NamedFile, upload, type UploadProgress } from "../api/upload";
import { errorMessage, words } from "../messages";
import type { Notices } from "./notices.svelte";
import type { Overview } from "./overview.svelte";
import type { Tour } from "./tour.svelte";

export class ImportState {
  /** The current import; null if there is none. */
  progress = $state.raw<ImportProgress | null>(null);
  /** Of a browser; null if there is none. */
  uploading = $state.raw<UploadProgress | null>(null);
  isDragOver = $state(false);
  /** Whether a browser's dialog with the folders of the server is open. */
  isChoosingFolder = $state(false);
  /** Opens the browser's file dialog. */
  chooseFiles: () => void = () => undefined;

  /** Uploads take turns. */
  #uploads = Promise.resolve();
  #stopUpload: AbortController | null = null;

  /** The samples were just requested, so the tour may start. */
  #mayTour = false;
  readonly #core: Core;
  readonly #notices: Notices;
  readonly #overview: Overview;
  readonly #tour: Tour;

  constructor(core: Core, notices: Notices, overview: Overview, tour: Tour) {
    this.#core = core;
    this.#notices = notices;
    this.#overview = overview;
    this.#tour = tour;
  }

  /** Opens the system's dialog, or a browser's own. */
  async chooseFolders(): Promise<void> {
    if (this.#core.browser === null) await this.#notices.attempt(() => this.#core.chooseFolders());
    else this.isChoosingFolder = true;
  }

  /** Sends files from a browser and imports them. */
  upload(files: NamedFile[]): Promise<void> {
    this.#uploads = this.#uploads.then(() => this.#upload(files));
    return this.#uploads;
  }

  /** Cancels the current upload or import. */
  async cancel(): Promise<void> {
    if (this.#stopUpload) this.#stopUpload.abort();
    else await this.#notices.attempt(() => this.#core.cancelImport());
  }

  importSamples(): Promise<null | undefined> {
    this.#mayTour = true;
    return this.#notices.attempt(() => this.#core.importSamples());
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

  async #upload(files: NamedFile[]): Promise<void> {
    const { browser } = this.#core;
    if (browser === null) return;
    const stop = new AbortController();
    this.#stopUpload = stop;
    const totalBytes = files.reduce((sum, { file }) => sum + file.size, 0);
    this.uploading = { sent: 0, total: files.length, sentBytes: 0, totalBytes };
    try {
      const progress = (sent: UploadProgress) => (this.uploading = sent);
      const hasFiles = files.length > 0 && (await upload(browser, this.#core, files, progress, stop.signal));
      if (!hasFiles) this.#notices.show(words.browser.upload.nothing);
    } catch (error) {
      if (stop.signal.aborted) this.#notices.show(words.browser.upload.cancelled);
      else this.#notices.show(words.browser.upload.failed(errorMessage(error)), "bad");
    } finally {
      this.uploading = null;
      this.#stopUpload = null;
    }
  }
}
