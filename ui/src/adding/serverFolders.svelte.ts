/** The folders of the server, of which one is chosen to be added. */
import type { FolderListing } from "../api/bindings";
import type { Core } from "../api/core";

export class ServerFolders {
  /** Null until the core has answered. */
  listing = $state.raw<FolderListing | null>(null);
  /** Why the latest folder could not be opened. */
  error = $state.raw<unknown>(null);
  isAdding = $state(false);

  readonly #core: Pick<Core, "folders" | "importFolders">;
  /** Only the latest request counts. */
  #latest = 0;

  constructor(core: Pick<Core, "folders" | "importFolders">) {
    this.#core = core;
  }

  /** Begins at the list of the folders that may be used; a single one is opened. */
  async begin(): Promise<void> {
    this.listing = null;
    await this.open(null);
    const [only, ...others] = (this.listing as FolderListing | null)?.folders ?? [];
    if (only && others.length === 0) await this.open(only.path);
  }

  async open(path: string | null): Promise<void> {
    const asked = ++this.#latest;
    this.error = null;
    try {
      const listing = await this.#core.folders(path);
      if (asked === this.#latest) this.listing = listing;
    } catch (error) {
      if (asked === this.#latest) this.error = error;
    }
  }

  /** Imports the open folder; returns whether that has begun. */
  async add(): Promise<boolean> {
    const path = this.listing?.path ?? null;
    if (path === null || this.isAdding) return false;
    this.isAdding = true;
    this.error = null;
    try {
      await this.#core.importFolders([path]);
      return true;
    } catch (error) {
      this.error = error;
      return false;
    } finally {
      this.isAdding = false;
    }
  }
}
