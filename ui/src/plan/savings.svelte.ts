/** The ways to spend less on a plan, and what of them is applied. */
import type { ModelId, RunMode, RunOptions, Saving, Savings, SavingsRequest } from "../api/bindings";
import type { Core } from "../api/core";

/** What savings change in a plan besides its options. */
export interface SavedPlan {
  modelId: ModelId | null;
  wantsBatch: boolean;
  propagatesToSimilar: boolean;
  choose: (model: ModelId) => void;
}

export class PlanSavings {
  /** Longest edge of sent images in pixels; null for the largest that the model looks at. */
  longestEdge = $state<number | null>(null);
  /** Only so many examples of the recipe are shown; null for all. */
  mostExamples = $state<number | null>(null);
  /** The model that a cheaper one has replaced; null if none has. */
  modelBefore = $state<ModelId | null>(null);
  /** Null until they are known, and for a plan that costs nothing. */
  found = $state.raw<Savings | null>(null);
  isAsking = $state(false);

  readonly options = $derived<RunOptions>({ longest_edge: this.longestEdge, most_examples: this.mostExamples });

  #latestQuestion = 0;

  /** Computes them for this plan. Answers to earlier requests are dropped; failures show none. */
  async ask(core: Pick<Core, "savings">, plan: SavingsRequest["plan"], model: ModelId, mode: RunMode): Promise<void> {
    const question = ++this.#latestQuestion;
    this.isAsking = true;
    let found: Savings | null = null;
    try {
      found = await core.savings({ plan, model, mode, model_before: this.modelBefore });
    } catch (refused) {
      console.warn(refused);
    }
    if (question !== this.#latestQuestion) return;
    this.isAsking = false;
    this.found = found;
  }

  /** Shows none, for a plan that has no cost. */
  clear(): void {
    this.#latestQuestion += 1;
    this.isAsking = false;
    this.found = null;
  }

  /** Makes a change of the plan, or takes it back if it is applied. Returns the new output maximum, if that is changed. */
  toggle(plan: SavedPlan, { change, is_applied: isApplied, options }: Saving): { maxTokens: number | null } | null {
    switch (change.kind) {
      case "batch":
        plan.wantsBatch = !isApplied;
        return null;
      case "skip_similar":
        plan.propagatesToSimilar = !isApplied;
        return null;
      case "cheaper_model": {
        const before = isApplied ? null : plan.modelId;
        plan.choose(isApplied ? (this.modelBefore ?? change.model) : change.model);
        this.modelBefore = before;
        return null;
      }
      case "smaller_images":
        this.longestEdge = options.longest_edge ?? null;
        return null;
      case "fewer_examples":
        this.mostExamples = options.most_examples ?? null;
        return null;
      case "max_tokens":
        return { maxTokens: options.max_tokens ?? null };
    }
  }
}
