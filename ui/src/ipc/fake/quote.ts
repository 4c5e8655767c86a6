import type { ImageId, Model, ModelQuote, PixelSize, Quote, Recipe, Shortfall } from "../bindings";
import { photoOf } from "./photos";
import { COCO_NAMES } from "./recipes";

const CENT = 1e10;
const IMAGE_MILLIS = 84;
const AT_ONCE = 2;

const builtIn: Model = {
  id: "nanodet-g-416",
  name: "Built-in detector",
  destination: { kind: "this_machine" },
  vocabulary: { kind: "closed", names: [...COCO_NAMES] },
  shapes: ["box"],
  fills_attributes: false,
};

const hosted = (id: string, name: string, host: string): Model => ({
  id,
  name,
  destination: { kind: "host", name: host },
  vocabulary: { kind: "open" },
  shapes: ["box", "point", "caption"],
  fills_attributes: true,
});

/** `hasPriced` adds models that cost something, to look at what the table does with them. */
export function quote(ids: readonly ImageId[], recipe: Recipe, hasPriced: boolean): Quote {
  const sizes = new Map<string, { size: PixelSize; count: number }>();
  for (const id of ids) {
    const { size } = photoOf(id);
    const key = `${size.width}x${size.height}`;
    const known = sizes.get(key);
    if (known) known.count += 1;
    else sizes.set(key, { size, count: 1 });
  }
  const shortfalls = shortfallsOf(builtIn, recipe);
  const models: ModelQuote[] = [
    {
      model: builtIn,
      cost: { low: 0, expected: 0, high: 0 },
      time:
        ids.length === 0
          ? null
          : {
              total_millis: Math.ceil((ids.length * IMAGE_MILLIS) / AT_ONCE),
              image_millis: IMAGE_MILLIS,
              concurrency: AT_ONCE,
              basis: { kind: "trial", images: Math.min(3, ids.length) },
            },
      shortfalls,
      can_run: !shortfalls.some(({ kind }) => kind === "no_known_label" || kind === "shapes"),
    },
  ];
  if (hasPriced) {
    const each = (model: Model, cents: number, millis: number): ModelQuote => ({
      model,
      cost: { low: cents * CENT * 0.7, expected: cents * CENT, high: cents * CENT * 1.6 },
      time: {
        total_millis: (ids.length * millis) / 14,
        image_millis: millis,
        concurrency: 14,
        basis: { kind: "earlier_run", images: 240 },
      },
      shortfalls: [],
      can_run: true,
    });
    models.push(
      each(hosted("example-small", "Example Small", "api.example.com"), ids.length * 0.19, 4_200),
      each(hosted("example-large", "Example Large", "api.example.com"), ids.length * 3.2, 13_400),
    );
    models.push({
      model: hosted("lab", "Lab server", "lab.example.com"),
      cost: null,
      time: null,
      shortfalls: [],
      can_run: true,
    });
  }
  const frequent = [...sizes.values()].sort((one, other) => other.count - one.count);
  return { image_count: ids.length, sizes: frequent.slice(0, 5), models };
}

function shortfallsOf(model: Model, recipe: Recipe): Shortfall[] {
  const found: Shortfall[] = [];
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
  return found;
}
