/** What a run costs: its quote and budget, what was paid, and what may have been billed besides. */
import type { CostRange, ImageId, PicoDollars, PossiblyBilled, RunMode, Usage } from "../../bindings";
import { ANSWER_TOKENS, claudeCost, promptTokens, THINKING_TOKENS } from "../claude";
import { chance } from "../photos";
import { refuse } from "../refuse";

/** One request of a run elsewhere went unanswered once so many images were done. */
const UNANSWERED_AFTER = 10;
/** So many requests of a run elsewhere were under way when its process died. */
const LOST_REQUESTS = 3;
/** In pico-dollars. */
const HUNDREDTH_CENT = 1e8;

const NONE_BILLED: PossiblyBilled = { count: 0, at_most: 0 };

export class FakeBill {
  readonly quoted: CostRange;
  /** The most that one request can cost. */
  readonly dearest: PicoDollars;
  readonly usage: Required<Usage> = {
    input_tokens: 0,
    output_tokens: 0,
    cache_write_5m_tokens: 0,
    cache_write_1h_tokens: 0,
    cache_read_tokens: 0,
    thinking_tokens: null,
  };
  paid = 0;
  cutShort = 0;
  budget: PicoDollars | null = null;
  /** Requests that were under way when the process died, until somebody agrees to make them again. */
  unsettled = NONE_BILLED;
  #repeated = NONE_BILLED;
  readonly #requests: number;
  readonly #isElsewhere: boolean;

  constructor(model: string, asked: readonly ImageId[], mode: RunMode, isElsewhere: boolean) {
    const claude = claudeCost(model, asked, mode);
    this.quoted = claude?.cost ?? { low: 0, expected: 0, high: 0 };
    this.dearest = claude?.dearest ?? 0;
    this.#requests = asked.length;
    this.#isElsewhere = isElsewhere;
  }

  /** An answer costs about what was expected, a little less on the whole. */
  pay(image: ImageId): void {
    if (!this.#isElsewhere) return;
    this.paid += Math.round((this.quoted.expected / this.#requests) * (0.8 + chance(image, 61) * 0.3));
    this.usage.input_tokens += promptTokens(image);
    this.usage.thinking_tokens = (this.usage.thinking_tokens ?? 0) + THINKING_TOKENS;
    this.usage.output_tokens += ANSWER_TOKENS + THINKING_TOKENS;
    if (chance(image, 62) > 0.97) this.cutShort += 1;
  }

  /** From now on it may cost so much at most, with what it has cost already. */
  limitTo(budget: PicoDollars | null): void {
    if (budget !== null && budget < this.dearest) refuse("budget_too_small");
    this.budget = budget;
  }

  /** There is room for less than one more request. */
  limitToThis(finished: number): void {
    this.budget = Math.ceil((this.#committed(finished) + this.dearest / 2) / HUNDREDTH_CENT) * HUNDREDTH_CENT;
  }

  /** The process died while requests were under way. */
  loseRequests(): void {
    if (this.#isElsewhere) this.unsettled = { count: LOST_REQUESTS, at_most: LOST_REQUESTS * this.dearest };
  }

  /** Somebody may have agreed to make again what may have been billed. */
  settle(acceptsRepeats: boolean): void {
    if (this.unsettled.count === 0) return;
    if (!acceptsRepeats) refuse("unsettled");
    this.#repeated = this.unsettled;
    this.unsettled = NONE_BILLED;
  }

  possiblyBilled(finished: number): PossiblyBilled {
    if (!this.#isElsewhere || finished < UNANSWERED_AFTER) return this.#repeated;
    const { count, at_most } = this.#repeated;
    return { count: count + 1, at_most: at_most + Math.round(this.quoted.high / this.#requests) };
  }

  /** Whether the next request could pass the budget. */
  isAtBudget(finished: number): boolean {
    return this.budget !== null && this.#committed(finished) + this.dearest > this.budget;
  }

  /** Set aside for the requests under way, as far as there is room in the budget. */
  reserved(requests: number, finished: number): PicoDollars {
    const atMost = requests * this.dearest;
    return this.budget === null ? atMost : Math.min(atMost, Math.max(0, this.budget - this.#committed(finished)));
  }

  /** Paid, or possibly so. */
  #committed(finished: number): PicoDollars {
    return this.paid + this.possiblyBilled(finished).at_most;
  }
}
