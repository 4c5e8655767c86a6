import type { LayerScope } from "../../api/bindings";
import { count } from "../format";

const numbered = (runs: readonly number[]): string =>
  `${runs.length === 1 ? "Run" : "Runs"} ${runs.map(count).join(", ")}`;

/** The name of an imported layer; undefined for a run. */
type NameOf = (layer: number) => string | undefined;

/** Runs by their numbers, then imported layers by their names. */
function named(layers: readonly number[], nameOf: NameOf): string {
  const imported = layers.flatMap((layer) => nameOf(layer) ?? []);
  const runs = layers.filter((layer) => nameOf(layer) === undefined);
  return [...(runs.length > 0 ? [numbered(runs)] : []), ...imported].join(", ");
}

export const layers = {
  title: "Layers",
  /** Text of the menu button. */
  shown: (layers: LayerScope, nameOf: NameOf = () => undefined): string => {
    if (layers.kind === "all") return "All layers";
    return layers.runs.length === 0 ? "People only" : named(layers.runs, nameOf);
  },
  all: "All layers",
  allNote: "All runs; for runs with the same model and recipe, only the newest",
  people: "People only",
  peopleNote: "What people drew, accepted or edited",
  runs: "Runs",
  imported: "Imported",
  run: (run: number, model: string) => `${numbered([run])}, ${model}`,
  noRuns: "No run has annotated an image yet.",
  alwaysPeople: "What people drew, accepted or edited is shown with every run.",
  /** After a count of images. */
  inLayers: (layers: LayerScope, nameOf: NameOf = () => undefined): string => {
    if (layers.kind === "all") return "in all layers";
    return layers.runs.length === 0
      ? "people’s annotations only"
      : `${named(layers.runs, nameOf).replace(/^Run/, "run")} only`;
  },
};
