/**
 * A repair of many images at once. Where it would reject, and people have accepted or edited marks on some of these
 * images, that is asked about first: their work is not undone along with a model's mistakes.
 */
import type { Check, Condition, ImageQuery, Status, Swept } from "../ipc/bindings";
import type { Seam } from "../ipc/seam";

type RepairSeam = Pick<Seam, "imageIds" | "repair">;

/** What a person is asked. */
export interface AskedRepair {
  check: Check;
  query: ImageQuery;
  /** Images that would be repaired. */
  images: number;
  /** Those of them with marks that people have accepted or edited. */
  decided: number;
}

/** Everything else only changes a mark. */
const REJECTING: ReadonlySet<Check> = new Set<Check>(["duplicate", "huge", "tiny", "odd_aspect"]);
/** A mark that is somebody's word. */
const DECIDED: readonly Status[] = ["accepted", "edited"];

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
      const asked = REJECTING.has(check) ? await this.#counted(check, query) : null;
      if (asked !== null && asked.decided > 0) this.asked = asked;
      else await this.#repair(check, query);
    });
  }

  /** All of them, the decided ones too. */
  async all(): Promise<void> {
    const { asked } = this;
    this.asked = null;
    if (asked) await this.#attempt(() => this.#repair(asked.check, asked.query));
  }

  /** Only images on which people have accepted and edited nothing. */
  async others(): Promise<void> {
    const { asked } = this;
    this.asked = null;
    if (!asked) return;
    const conditions = [...asked.query.conditions, ...DECIDED.map((status) => marked(status, true))];
    await this.#attempt(() => this.#repair(asked.check, { ...asked.query, conditions }));
  }

  decline(): void {
    this.asked = null;
  }

  async #counted(check: Check, query: ImageQuery): Promise<AskedRepair> {
    const [all, ...decided] = await Promise.all([
      this.#seam.imageIds(query),
      ...DECIDED.map((status) =>
        this.#seam.imageIds({ ...query, conditions: [...query.conditions, marked(status, false)] }),
      ),
    ]);
    return { check, query, images: all.length, decided: new Set(decided.flat()).size };
  }

  async #repair(check: Check, query: ImageQuery): Promise<void> {
    this.#told(check, await this.#seam.repair(check, query));
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

function marked(status: Status, is_excluded: boolean): Condition {
  return { test: { kind: "mark", status }, is_excluded };
}
