/** Claude's models as the core quotes them: list prices, image tokens by size, answers of an assumed length. */
import type {
  AnswerBasis,
  BudgetForecast,
  BudgetReach,
  CostBasis,
  CostRange,
  Destination,
  ImageId,
  Model,
  ModelQuote,
  Dollars,
  Preset,
  PresetQuote,
  PromptCaching,
  RunMode,
  SentSize,
  TimeEstimate,
} from "../bindings";
import { photoOf } from "./photos";

/** Pico-dollars a token, of a price in dollars a million tokens. */
const PRICE_OF_TOKEN = 1e-6;
const PATCH = 28;
const TEXT_TOKENS = 720;
const ANNOTATIONS_AN_IMAGE = 8;
export const ANSWER_TOKENS = 360;
export const THINKING_TOKENS = 90;
const MOST_ANSWER_TOKENS = 4096;
const EARLIER_IMAGES = 240;
const EARLIER_REQUESTS = 251;
const RETRIES = 3;
const EARLIER_MILLIS = 9_400;
const AT_ONCE = 4;
/** Of these tokens of text: instructions and form of the answer. */
const SHORT_INSTRUCTIONS = 310;
const LONG_INSTRUCTIONS = 690;
const LEAST_KEPT = 512;
/** What a token costs that the vendor has kept. */
const KEPT_SHARE = 0.1;

interface Listed {
  id: string;
  name: string;
  /** Dollars a million tokens. */
  input: number;
  output: number;
  retires?: string;
}

const LISTED: readonly Listed[] = [
  { id: "claude-haiku-5-5", name: "Claude Haiku 5.5", input: 0.1, output: 0.5 },
  { id: "claude-haiku-4-5-20251001", name: "Claude Haiku 4.5", input: 1, output: 5 },
  { id: "claude-sonnet-5-5", name: "Claude Sonnet 5.5", input: 2, output: 10 },
  { id: "claude-sonnet-5", name: "Claude Sonnet 5", input: 2, output: 10 },
  { id: "claude-sonnet-4-6", name: "Claude Sonnet 4.6", input: 3, output: 15 },
  { id: "claude-sonnet-4-5-20250929", name: "Claude Sonnet 4.5", input: 3, output: 15, retires: "2026-11-30" },
  { id: "claude-opus-5-5", name: "Claude Opus 5.5", input: 4, output: 20 },
  { id: "claude-opus-5", name: "Claude Opus 5", input: 5, output: 25 },
  { id: "claude-opus-4-8", name: "Claude Opus 4.8", input: 5, output: 25 },
  { id: "claude-opus-4-7", name: "Claude Opus 4.7", input: 5, output: 25 },
  { id: "claude-opus-4-6", name: "Claude Opus 4.6", input: 5, output: 25 },
  { id: "claude-opus-4-5-20251101", name: "Claude Opus 4.5", input: 5, output: 25 },
  { id: "claude-fable-5-2", name: "Claude Fable 5.2", input: 8, output: 40 },
  { id: "claude-fable-5-1", name: "Claude Fable 5.1", input: 10, output: 50 },
];

export const CLAUDE_IDS: readonly string[] = LISTED.map(({ id }) => id);

/** The model that is chosen when nobody has chosen one. */
export const DEFAULT_CLAUDE = "claude-haiku-5-5";
/** The one that has annotated images before, so that its pace and its answers are known. */
const MEASURED_CLAUDE = "claude-sonnet-5-5";

/** A row for each model; what hinders them is for the caller to say. `answered`: by an earlier run of that model. */
export function claudeRows(
  ids: readonly ImageId[],
  destination: Destination,
  hasLongInstructions: boolean,
  answered: (model: string) => ReadonlySet<ImageId>,
  ignoresSavedAnswers: boolean,
  budget: Dollars | null,
): Omit<ModelQuote, "words_sent">[] {
  return LISTED.map((listed) => {
    const before = answered(listed.id);
    const left = ids.filter((image) => !before.has(image));
    const asked = ignoresSavedAnswers ? ids : left;
    const { cost, basis } = costOf(listed, asked, hasLongInstructions);
    const time = listed.id === MEASURED_CLAUDE ? measuredTime(asked.length) : null;
    return {
      model: asModel(listed, destination),
      cost_dollars: cost,
      answered_before: ids.length - left.length,
      batch_dollars: halved(cost),
      budget: forecastOf(budget, cost, basis.dearest_request_dollars, asked.length),
      batch_budget: forecastOf(budget, halved(cost), basis.dearest_request_dollars / 2, asked.length),
      cost_basis: basis,
      time,
      presets: presetsFor(asked.length, time?.image_millis ?? null),
      unsupported_capabilities: [],
      unavailable: null,
      can_run: true,
    };
  });
}

function presetsFor(images: number, imageMillis: number | null): PresetQuote[] {
  const isLarge = images > 500;
  const offered: [Preset, number, number, number | null, boolean][] = [
    ["small", 3, 200, null, images < 10],
    ["medium", 4, 200, null, images >= 10 && images < 50],
    ["large", isLarge ? 5 : 4, isLarge ? 150 : 200, isLarge ? 30 : 20, images >= 50],
  ];
  return offered.map(([preset, concurrency, pause_millis, chunk_size, is_fitting]) => {
    const rounds = Math.ceil(images / concurrency);
    const total_millis = imageMillis === null ? null : rounds * imageMillis + Math.max(0, rounds - 1) * pause_millis;
    return { preset, options: { concurrency, pause_millis, chunk_size }, is_fitting, total_millis };
  });
}

function forecastOf(
  budget: Dollars | null,
  { low, expected, high }: CostRange,
  dearest: Dollars,
  images: number,
): BudgetForecast | null {
  if (budget === null) return null;
  const answered = Math.max(0, Math.floor((budget - dearest) / (expected / images)) + 1);
  const reach: BudgetReach =
    budget >= high
      ? { kind: "enough" }
      : budget >= low
        ? { kind: "may_stop" }
        : { kind: "stops_after", images: Math.min(images, answered) };
  return { reach, batches: 1 };
}

/** As upper bounds are rounded: to cents. */
function roundedUp(dollars: number): number {
  return Math.ceil(dollars * 100 - 1e-9) / 100;
}

function halved({ low, expected, high }: CostRange): CostRange {
  return { low: low / 2, expected: expected / 2, high: roundedUp(high / 2) };
}

/**
 * What a run of the model would be quoted, and the most that its dearest request can cost; null for a model that is not
 * Claude's.
 */
export function claudeCost(
  id: string,
  ids: readonly ImageId[],
  mode: RunMode = "live",
): { cost: CostRange; dearest: Dollars } | null {
  const listed = LISTED.find((each) => each.id === id);
  if (!listed) return null;
  const { cost, basis } = costOf(listed, ids, false);
  const isHalf = mode === "batch";
  return { cost: isHalf ? halved(cost) : cost, dearest: basis.dearest_request_dollars / (isHalf ? 2 : 1) };
}

export function claudeName(id: string): string | null {
  return LISTED.find((listed) => listed.id === id)?.name ?? null;
}

/** What one image is in tokens, with the words that go along. */
export function promptTokens(image: ImageId): number {
  const { size } = photoOf(image);
  return imageTokens(size.width, size.height) + TEXT_TOKENS;
}

function imageTokens(width: number, height: number): number {
  return Math.ceil(width / PATCH) * Math.ceil(height / PATCH);
}

function asModel({ id, name, retires }: Listed, destination: Destination): Model {
  return {
    id,
    name,
    destination,
    vocabulary: { kind: "open" },
    shapes: ["box"],
    fills_attributes: true,
    optional_attributes_limit: 24,
    retires: retires ?? null,
  };
}

function measuredTime(images: number): TimeEstimate | null {
  if (images === 0) return null;
  return {
    total_millis: Math.ceil((images * EARLIER_MILLIS) / AT_ONCE),
    image_millis: EARLIER_MILLIS,
    concurrency: AT_ONCE,
    basis: { kind: "earlier_run", images: EARLIER_IMAGES },
    held_by: null,
  };
}

function costOf(
  listed: Listed,
  ids: readonly ImageId[],
  hasLongInstructions: boolean,
): { cost: CostRange; basis: CostBasis } {
  const sizes = new Map<string, SentSize>();
  for (const id of ids) {
    const { size } = photoOf(id);
    const key = `${size.width}x${size.height}`;
    const known = sizes.get(key) ?? { size, count: 0, image_tokens: imageTokens(size.width, size.height) };
    known.count += 1;
    sizes.set(key, known);
  }
  const sent = [...sizes.values()].sort((one, other) => other.count - one.count);
  const input = listed.input * PRICE_OF_TOKEN;
  const output = listed.output * PRICE_OF_TOKEN;
  const inImages = sent.reduce((sum, each) => sum + each.count * each.image_tokens, 0);
  const inText = ids.length * TEXT_TOKENS;
  const inAnswers = ids.length * ANSWER_TOKENS;
  const assumed: AnswerBasis = { kind: "assumed", annotations: ANNOTATIONS_AN_IMAGE };
  const caching = cachingOf(hasLongInstructions, ids.length);
  const kept = caching.is_used ? (ids.length - 1) * caching.instruction_tokens * (1 - KEPT_SHARE) : 0;
  const textCost = (inText - kept) * input;
  const known = inImages * input + textCost;
  return {
    cost: {
      low: known + (inAnswers / 2) * output,
      expected: known + inAnswers * output,
      high: roundedUp(
        (2 + RETRIES) * (inImages + inText) * input +
          ids.length * (1 + 4 * (1 + RETRIES)) * MOST_ANSWER_TOKENS * output,
      ),
    },
    basis: {
      sent: sent.slice(0, 5),
      longest_edge: sent.reduce((most, { size }) => Math.max(most, size.width, size.height), 0),
      image_tokens: inImages,
      image_cost_dollars: inImages * input,
      caching,
      text_tokens: inText,
      text_cost_dollars: textCost,
      answer_tokens: inAnswers,
      answer_cost_dollars: inAnswers * output,
      answer_basis:
        listed.id === MEASURED_CLAUDE
          ? { kind: "earlier_answers", images: EARLIER_IMAGES, requests: EARLIER_REQUESTS }
          : assumed,
      answer_tokens_limit: MOST_ANSWER_TOKENS,
      longer_answer_tokens_limit: 4 * MOST_ANSWER_TOKENS,
      retries: RETRIES,
      dearest_request_dollars:
        (sent.reduce((most, each) => Math.max(most, each.image_tokens), 0) + TEXT_TOKENS) * input +
        MOST_ANSWER_TOKENS * output,
      input_dollars_per_million: listed.input,
      output_dollars_per_million: listed.output,
    },
  };
}

function cachingOf(hasLongInstructions: boolean, images: number): PromptCaching {
  const tokens = hasLongInstructions ? LONG_INSTRUCTIONS : SHORT_INSTRUCTIONS;
  return { instruction_tokens: tokens, least_tokens: LEAST_KEPT, is_used: images > 1 && tokens >= LEAST_KEPT };
}
