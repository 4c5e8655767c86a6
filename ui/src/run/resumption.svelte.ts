/** Going on with a run. Requests that were under way when a process died are not made again without a word. */
import type { PicoDollars, PossiblyBilled, ResumeRequest, RunId } from "../ipc/bindings";

export interface ResumptionAsked {
  run: RunId;
  unsettled: PossiblyBilled;
  budget: PicoDollars | null;
}

export class Resumption {
  readonly #resume: (request: ResumeRequest) => Promise<void>;

  /** What somebody is asked about; null while nobody is. */
  asked = $state.raw<ResumptionAsked | null>(null);

  constructor(resume: (request: ResumeRequest) => Promise<void>) {
    this.#resume = resume;
  }

  /** Resumes, or asks first; a budget of null leaves the one that the run has. */
  async want(run: RunId, unsettled: PossiblyBilled, budget: PicoDollars | null = null): Promise<void> {
    if (unsettled.count > 0) this.asked = { run, unsettled, budget };
    else await this.#resume({ run, budget, accepts_repeats: false });
  }

  async accept(): Promise<void> {
    const { asked } = this;
    this.asked = null;
    if (asked) await this.#resume({ run: asked.run, budget: asked.budget, accepts_repeats: true });
  }

  decline(): void {
    this.asked = null;
  }
}
