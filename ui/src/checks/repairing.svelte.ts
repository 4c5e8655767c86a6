/** A bulk repair. The user confirms it first, with the number of images and of decided annotations. */
import type { BulkEditResult, Check, ImageQuery, RepairExtent } from "../api/bindings";
import type { Core } from "../api/core";

type RepairCore = Pick<Core, "repairExtent" | "repair">;

/** The pending confirmation. */
export interface AskedRepair extends RepairExtent {
  check: Check;
  query: ImageQuery;
}

export class Repairing {
  readonly #core: RepairCore;
  readonly #done: (check: Check, result: BulkEditResult) => void;
  readonly #refused: (refusal: unknown) => void;

  isWorking = $state(false);
  asked = $state.raw<AskedRepair | null>(null);

  constructor(
    core: RepairCore,
    done: (check: Check, result: BulkEditResult) => void,
    refused: (refusal: unknown) => void,
  ) {
    this.#core = core;
    this.#done = done;
    this.#refused = refused;
  }

  /** Asks for confirmation, unless it affects one undecided image. */
  async request(check: Check, query: ImageQuery): Promise<void> {
    await this.#attempt(async () => {
      const extent = await this.#core.repairExtent(check, query);
      if (extent.images > 1 || extent.decided > 0) this.asked = { check, query, ...extent };
      else await this.#repair(check, query, false);
    });
  }

  /** Repairs all, or spares those decided by a person. */
  async confirm(sparesDecided: boolean): Promise<void> {
    const { asked } = this;
    this.asked = null;
    if (asked) await this.#attempt(() => this.#repair(asked.check, asked.query, sparesDecided));
  }

  decline(): void {
    this.asked = null;
  }

  async #repair(check: Check, query: ImageQuery, sparesDecided: boolean): Promise<void> {
    this.#done(check, await this.#core.repair(check, query, sparesDecided));
  }

  async #attempt(action: () => Promise<void>): Promise<void> {
    this.isWorking = true;
    try {
      await action();
    } catch (refusal) {
      this.#refused(refusal);
    } finally {
      this.isWorking = false;
    }
  }
}
