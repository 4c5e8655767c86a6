/** Resuming a run. Requests that may already have been billed are sent again only after confirmation. */
import type { Dollars, PossiblyBilled, ResumeRequest, RunId } from "../api/bindings";

export interface ResumptionAsked {
  run: RunId;
  unsettled: PossiblyBilled;
  budget: Dollars | null;
  retriesFailed: boolean;
  /** Whether these requests are in abandoned batches. */
  givesUpBatches: boolean;
}

export class Resumption {
  readonly #resume: (request: ResumeRequest) => Promise<void>;

  /** The pending confirmation; null if there is none. */
  asked = $state.raw<ResumptionAsked | null>(null);

  constructor(resume: (request: ResumeRequest) => Promise<void>) {
    this.#resume = resume;
  }

  /** Resumes, or asks for confirmation first; a null budget keeps the current one. */
  async want(
    run: RunId,
    unsettled: PossiblyBilled,
    budget: Dollars | null = null,
    retriesFailed = false,
  ): Promise<void> {
    const wanted = { run, unsettled, budget, retriesFailed, givesUpBatches: false };
    if (unsettled.count > 0) this.asked = wanted;
    else await this.#resume(requestOf(wanted, false));
  }

  /** Resumes and retries failed images. */
  async wantRetry(run: RunId, unsettled: PossiblyBilled): Promise<void> {
    await this.want(run, unsettled, null, true);
  }

  /** Asks for confirmation to abandon the batches unknown to the server. */
  wantToGiveUp(run: RunId, unsettled: PossiblyBilled, unknown: PossiblyBilled): void {
    const both = {
      count: unsettled.count + unknown.count,
      at_most_dollars: unsettled.at_most_dollars + unknown.at_most_dollars,
    };
    this.asked = { run, unsettled: both, budget: null, retriesFailed: false, givesUpBatches: true };
  }

  async accept(): Promise<void> {
    const { asked } = this;
    this.asked = null;
    if (asked !== null) await this.#resume(requestOf(asked, true));
  }

  decline(): void {
    this.asked = null;
  }
}

function requestOf(wanted: ResumptionAsked, acceptsRepeats: boolean): ResumeRequest {
  return {
    run: wanted.run,
    budget_dollars: wanted.budget,
    accepts_repeats: acceptsRepeats,
    retries_failed: wanted.retriesFailed,
    gives_up_batches: wanted.givesUpBatches,
  };
}
