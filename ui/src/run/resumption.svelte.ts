/** Going on with a run. Requests that were under way when a process died are not made again without a word. */
import type { Dollars, PossiblyBilled, ResumeRequest, RunId } from "../ipc/bindings";

export interface ResumptionAsked {
  run: RunId;
  unsettled: PossiblyBilled;
  budget: Dollars | null;
  retriesFailed: boolean;
}

export class Resumption {
  readonly #resume: (request: ResumeRequest) => Promise<void>;

  /** What somebody is asked about; null while nobody is. */
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
    if (unsettled.count > 0) this.asked = { run, unsettled, budget, retriesFailed };
    else await this.#resume({ run, budget_dollars: budget, accepts_repeats: false, retries_failed: retriesFailed });
  }

  /** Goes on with the run, and tries its failed images again. */
  async wantRetry(run: RunId, unsettled: PossiblyBilled): Promise<void> {
    await this.want(run, unsettled, null, true);
  }

  async accept(): Promise<void> {
    const { asked } = this;
    this.asked = null;
    if (asked === null) return;
    const { run, budget, retriesFailed } = asked;
    await this.#resume({ run, budget_dollars: budget, accepts_repeats: true, retries_failed: retriesFailed });
  }

  decline(): void {
    this.asked = null;
  }
}
