/** The imported layers, to name them wherever layers are named. */
import type { ImportedLayer, RunId } from "../api/bindings";
import type { Core } from "../api/core";
import { visible } from "../messages/visible";
import { Refreshing } from "./refreshing";

/** During runs the library changes constantly. */
const RELOAD_INTERVAL_MILLIS = 1000;

export class ImportedLayers {
  /** Newest first. */
  list = $state.raw<readonly ImportedLayer[]>([]);

  readonly #core: Pick<Core, "importedLayers">;
  readonly #refreshing = new Refreshing(RELOAD_INTERVAL_MILLIS, () => this.load());

  constructor(core: Pick<Core, "importedLayers">) {
    this.#core = core;
  }

  /** Without an answer, the last one stays: a layer is then named by its number. */
  async load(): Promise<void> {
    this.list = await this.#core.importedLayers().catch(() => this.list);
  }

  /** The name of an imported layer, for the catalogue of messages; undefined for a run. */
  readonly nameOf = (id: RunId): string | undefined => {
    const layer = this.find(id);
    return layer && visible(layer.name);
  };

  /** Undefined for a run. */
  find(id: RunId): ImportedLayer | undefined {
    return this.list.find((layer) => layer.id === id);
  }

  refreshSoon(): void {
    this.#refreshing.soon();
  }

  stop(): void {
    this.#refreshing.stop();
  }
}
