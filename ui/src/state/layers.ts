/**
 * Layers: the annotations of each run, and people's. A view shows all layers or those of some runs; what people drew,
 * accepted or edited is always included.
 */
import type { Condition, ImageQuery, LayerScope, RunId } from "../api/bindings";
import type { Core } from "../api/core";

export const ALL_LAYERS: LayerScope = { kind: "all" };
export const PEOPLE_ONLY: LayerScope = { kind: "runs", runs: [] };

export function layersOfRuns(runs: readonly RunId[]): LayerScope {
  return { kind: "runs", runs: [...new Set(runs)].sort((one, other) => one - other) };
}

/** The runs that a query names. */
export function namedRuns(conditions: readonly Condition[]): RunId[] {
  return conditions.flatMap(({ is_excluded, test }) => (test.kind === "run" && !is_excluded ? test.run : []));
}

/** The layers of a query: chosen ones, otherwise the runs it names, otherwise all. */
export function layersShown({ layers, conditions }: Pick<ImageQuery, "layers" | "conditions">): LayerScope {
  if (layers) return layers;
  const named = namedRuns(conditions);
  return named.length > 0 ? layersOfRuns(named) : ALL_LAYERS;
}

export function areSameLayers(one: LayerScope, other: LayerScope): boolean {
  if (one.kind === "all" || other.kind === "all") return one.kind === other.kind;
  return one.runs.join() === other.runs.join();
}

/** Adds the layer of a run, or removes it. */
export function withRunToggled(layers: LayerScope, run: RunId): LayerScope {
  if (layers.kind === "all") return layersOfRuns([run]);
  const others = layers.runs.filter((each) => each !== run);
  return layersOfRuns(others.length < layers.runs.length ? others : [...others, run]);
}

/** The run whose layer is shown; null unless it is exactly one. */
export function onlyRun(layers: LayerScope): RunId | null {
  return layers.kind === "runs" && layers.runs.length === 1 ? (layers.runs[0] ?? null) : null;
}

/** The core limited to `layers`. */
export function inLayers(core: Core, layers: () => LayerScope): Core {
  const asked: Partial<Core> = {
    imageIds: (query) => core.imageIds({ ...query, layers: layers() }),
    imageCards: (ids) => core.imageCards(ids, layers()),
    decide: (decision) => core.decide(decision, layers()),
    editAnnotations: (edit) => core.editAnnotations(edit, layers()),
    undoLatest: () => core.undoLatest(layers()),
    undoOn: (image) => core.undoOn(image, layers()),
    redoLatest: () => core.redoLatest(layers()),
    redoOn: (image) => core.redoOn(image, layers()),
    findings: (image) => core.findings(image, layers()),
  };
  return new Proxy(core, {
    get: (target, name: keyof Core): unknown => asked[name] ?? Reflect.get(target, name, target),
  });
}
