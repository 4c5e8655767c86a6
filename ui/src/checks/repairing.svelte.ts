/** A bulk repair. The user confirms it first, with the number of images and of decided annotations. */
import type { BulkEditResult, Check, ImageQuery, RepairExtent } from "../ipc/bindings";
import type { Seam } from "../ipc/seam";

type RepairSeam = Pick<Seam, "repairExtent" | "repair">;

/** The pending confirmation. */
export interface AskedRepair extends RepairExtent {
  check: Check;
  query: ImageQuery;
}

export class Repairing {
  readonly #seam: RepairSeam;
  readonly #done: (check: Check, result: BulkEditResult) => void;
  readonly #refused: (refusal: unknown) => void;

  isWorking = $state(false);
  asked = $state.raw<AskedRepair | null>(null);

  constructor(
    seam: RepairSeam,
    done: (check: Check, result: BulkEditResult) => void,
    refused: (refusal: unknown) => void,
  ) {
    this.#seam = seam;
    this.#done = done;
    this.#refused = refused;
  }

  /** Asks for confirmation, unless it affects one undecided image. */
  async request(check: Check, query: ImageQuery): Promise<void> {
    await this.#attempt(async () => {
      const extent = await this.#seam.repairExtent(check, query);
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
    this.#done(check, await this.#seam.repair(check, query, sparesDecided));
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
