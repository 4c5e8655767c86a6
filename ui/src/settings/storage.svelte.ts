/** The library as a whole: what it takes, its backups, checks and cleaning up. */
import type { LibraryCheck, LibraryInfo, Pruned, Relinked } from "../api/bindings";
import type { App } from "../state/app.svelte";

export type StorageTask = "backup" | "check" | "relink" | "prune";

/** Milliseconds. */
const RECORDED_AFTER = 1000;

export class Storage {
  readonly #app: App;

  /** Null until it is known. */
  info = $state.raw<LibraryInfo | null>(null);
  /** What is going on; one thing at a time. */
  task = $state<StorageTask | null>(null);
  withThumbnails = $state(false);
  /** Photos that the backup that was just made lacks. */
  missing = $state.raw<readonly string[]>([]);
  /** Where a browser downloads the backup that was just made. */
  download = $state<string | null>(null);
  checked = $state.raw<LibraryCheck | null>(null);
  relinked = $state.raw<Relinked | null>(null);
  /** What cleaning up would remove; null while its dialog is closed. */
  offered = $state.raw<Pruned | null>(null);
  freed = $state<number | null>(null);

  constructor(app: App) {
    this.#app = app;
  }

  async load(): Promise<void> {
    const info = await this.#app.notices.attempt(() => this.#app.core.libraryInfo());
    if (info) this.info = info;
  }

  async show(): Promise<void> {
    await this.#app.notices.attempt(() => this.#app.core.showLibraryFolder());
  }

  async backUp(): Promise<void> {
    const { core, frontEnd } = this.#app;
    await this.#during("backup", async () => {
      this.download = null;
      this.missing = [];
      if (frontEnd.isDesktop) {
        this.missing = (await core.backUpLibrary(this.withThumbnails))?.missing ?? [];
      } else {
        const { path, missing } = await core.readyBackup(this.withThumbnails);
        this.missing = missing;
        this.download = core.browser?.exported(path) ?? null;
      }
    });
    await this.load();
  }

  /** The download is recorded when it begins. */
  downloaded(): void {
    setTimeout(() => void this.load(), RECORDED_AFTER);
  }

  async check(): Promise<void> {
    this.relinked = null;
    await this.#during("check", async () => (this.checked = await this.#app.core.checkLibrary()));
  }

  async relink(): Promise<void> {
    const found = await this.#during("relink", () => this.#app.core.relinkLibrary());
    if (!found) return;
    await this.check();
    this.relinked = found;
  }

  /** Asks what cleaning up would remove. */
  async offer(): Promise<void> {
    this.freed = null;
    await this.#during("prune", async () => (this.offered = await this.#app.core.pruneLibrary(true)));
  }

  async prune(): Promise<void> {
    const pruned = await this.#during("prune", () => this.#app.core.pruneLibrary(false));
    this.offered = null;
    if (pruned) this.freed = pruned.bytes;
    await this.load();
  }

  async #during<Answer>(task: StorageTask, work: () => Promise<Answer>): Promise<Answer | undefined> {
    if (this.task !== null) return undefined;
    this.task = task;
    const answer = await this.#app.notices.attempt(work);
    this.task = null;
    return answer;
  }
}
