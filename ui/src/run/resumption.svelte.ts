/** Going on with a run. Requests that may have been billed without an answer are made again only by consent. */
import type { Dollars, PossiblyBilled, ResumeRequest, RunId } from "../ipc/bindings";

export interface ResumptionAsked {
  run: RunId;
  unsettled: PossiblyBilled;
  budget: Dollars | null;
  retriesFailed: boolean;
  /** Whether these requests are in batches that are given up. */
  givesUpBatches: boolean;
}

export class Resumption {
  readonly #resume: (request: ResumeRequest) => Promise<void>;

  /** What the person is asked about; null while there is no question. */
  asked = $state.raw<ResumptionAsked | null>(null);

  constructor(resume: (request: ResumeRequest) => Promise<void>) {
    this.#resume = resume;
  }

  /** Resumes, or asks first; a budget of null leaves the one that the run has. */
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

  /** Goes on with the run, and tries its failed images again. */
  async wantRetry(run: RunId, unsettled: PossiblyBilled): Promise<void> {
    await this.want(run, unsettled, null, true);
  }

  /** Asks whether the batches that the server does not know are given up. */
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
