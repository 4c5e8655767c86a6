import type {
  Destination,
  Unavailable,
  ImageId,
  Model,
  ModelQuote,
  PixelSize,
  PlanRequest,
  Quote,
  Recipe,
  UnsupportedCapability,
  SimilarSaving,
} from "../bindings";
import { isBlocking } from "../../plan/unsupported";
import { claudeRows, DEFAULT_CLAUDE } from "./claude";
import { photoOf } from "./photos";
import { COCO_NAMES } from "./recipes";

const IMAGE_MILLIS = 84;
const AT_ONCE = 2;

export const builtIn: Model = {
  id: "nanodet-g-416",
  name: "Built-in detector",
  destination: { kind: "this_machine" },
  vocabulary: { kind: "closed", names: [...COCO_NAMES] },
  shapes: ["box"],
  fills_attributes: false,
  optional_attributes_limit: null,
  retires: null,
};

/** What is known of Claude's models. */
export interface FakeClaude {
  destination: Destination;
  unavailable: Unavailable | null;
  /** Images that an earlier run of that model has answered to the same recipe. */
  answered: (model: string) => ReadonlySet<ImageId>;
}

/** Without `claude` its models are left out; `followers` need not be asked about where annotations are carried over. */
export function quote(
  ids: readonly ImageId[],
  recipe: Recipe,
  claude: FakeClaude | null,
  followers: ReadonlyMap<ImageId, readonly ImageId[]>,
  {
    propagates_to_similar: carries,
    ignores_saved_answers: ignoresSavedAnswers,
    budget_dollars: budget,
  }: Pick<PlanRequest, "propagates_to_similar" | "ignores_saved_answers" | "budget_dollars">,
): Quote {
  const following = new Set([...followers.values()].flat());
  const asked = carries ? ids.filter((image) => !following.has(image)) : ids;
  const similar: SimilarSaving = { groups: followers.size, followers: following.size };
  const sizes = new Map<string, { size: PixelSize; count: number }>();
  for (const id of ids) {
    const { size } = photoOf(id);
    const key = `${size.width}x${size.height}`;
    const known = sizes.get(key);
    if (known) known.count += 1;
    else sizes.set(key, { size, count: 1 });
  }
  const unsupported_capabilities = unsupportedCapabilitiesOf(builtIn, recipe);
  const models: ModelQuote[] = [
    {
      model: builtIn,
      cost_dollars: { low: 0, expected: 0, high: 0 },
      answered_before: 0,
      batch_dollars: null,
      budget: null,
      batch_budget: null,
      cost_basis: null,
      time:
        asked.length === 0
          ? null
          : {
              total_millis: Math.ceil((asked.length * IMAGE_MILLIS) / AT_ONCE),
              image_millis: IMAGE_MILLIS,
              concurrency: AT_ONCE,
              basis: { kind: "trial", images: Math.min(3, asked.length) },
              held_by: null,
            },
      presets: [],
      words_sent: "",
      unsupported_capabilities,
      unavailable: null,
      can_run: !unsupported_capabilities.some(isBlocking),
    },
  ];
  if (claude) {
    const { destination, unavailable, answered } = claude;
    const hasLongInstructions = (recipe.attributes ?? []).length > 0;
    for (const row of claudeRows(asked, destination, hasLongInstructions, answered, ignoresSavedAnswers, budget))
      models.push({ ...row, words_sent: wordsSent(recipe), unavailable, can_run: unavailable === null });
  }
  const frequent = [...sizes.values()].sort((one, other) => other.count - one.count);
  return {
    image_count: ids.length,
    similar,
    sizes: frequent.slice(0, 5),
    models,
    suggested_model: claude ? DEFAULT_CLAUDE : builtIn.id,
    prices_as_of: "2026-11-23",
  };
}

function wordsSent({ labels, instructions }: Recipe): string {
  const named = labels.map(({ name, definition }) => (definition ? `- ${name}: ${definition}` : `- ${name}`));
  return [
    "You annotation things on a photograph. Answer with JSON in the form that is asked for.",
    ...(instructions ? [instructions] : []),
    `Labels:\n${named.join("\n")}`,
    "Give every box in pixels of the picture as it was sent.",
  ].join("\n\n");
}

function unsupportedCapabilitiesOf(model: Model, recipe: Recipe): UnsupportedCapability[] {
  const found: UnsupportedCapability[] = [];
  const { vocabulary } = model;
  if (vocabulary.kind === "closed") {
    const unknown = recipe.labels
      .map(({ name }) => name)
      .filter((name) => !vocabulary.names.includes(name.toLowerCase()));
    if (unknown.length === recipe.labels.length) found.push({ kind: "no_known_label" });
    else if (unknown.length > 0) found.push({ kind: "unknown_labels", labels: unknown });
  }
  for (const areRequired of [true, false]) {
    const names = (recipe.attributes ?? []).filter((each) => each.is_required === areRequired).map(({ name }) => name);
    if (!model.fills_attributes && names.length > 0)
      found.push({ kind: "attributes", names, are_required: areRequired });
  }
  const undrawn = recipe.shapes.filter((shape) => !model.shapes.includes(shape));
  if (undrawn.length === recipe.shapes.length) found.push({ kind: "shapes", shapes: undrawn });
  return found.sort((one, other) => Number(isBlocking(other)) - Number(isBlocking(one)));
}
