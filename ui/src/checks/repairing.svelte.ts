/**
 * A repair of many images at once. Where it would reject marks that people have accepted or edited, that is asked about
 * first: their work is not undone along with a model's mistakes.
 */
import type { Check, ImageQuery, RepairExtent, Swept } from "../ipc/bindings";
import type { Seam } from "../ipc/seam";

type RepairSeam = Pick<Seam, "repairExtent" | "repair">;

/** What a person is asked. */
export interface AskedRepair extends RepairExtent {
  check: Check;
  query: ImageQuery;
}

/** Everything else only changes a mark. */
const REJECTING: ReadonlySet<Check> = new Set<Check>(["duplicate", "huge", "tiny", "odd_aspect"]);

export class Repairing {
  readonly #seam: RepairSeam;
  readonly #told: (check: Check, swept: Swept) => void;
  readonly #refused: (refusal: unknown) => void;

  isWorking = $state(false);
  asked = $state.raw<AskedRepair | null>(null);

  constructor(seam: RepairSeam, told: (check: Check, swept: Swept) => void, refused: (refusal: unknown) => void) {
    this.#seam = seam;
    this.#told = told;
    this.#refused = refused;
  }

  /** Repairs, or asks first. */
  async want(check: Check, query: ImageQuery): Promise<void> {
    await this.#attempt(async () => {
      const extent = REJECTING.has(check) ? await this.#seam.repairExtent(check, query) : null;
      if (extent !== null && extent.decided > 0) this.asked = { check, query, ...extent };
      else await this.#repair(check, query, false);
    });
  }

  /** All of them, or only those that are nobody's word. */
  async goOn(sparesDecided: boolean): Promise<void> {
    const { asked } = this;
    this.asked = null;
    if (asked) await this.#attempt(() => this.#repair(asked.check, asked.query, sparesDecided));
  }

  decline(): void {
    this.asked = null;
  }

  async #repair(check: Check, query: ImageQuery, sparesDecided: boolean): Promise<void> {
    this.#told(check, await this.#seam.repair(check, query, sparesDecided));
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
