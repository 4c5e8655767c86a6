import type { LayerScope } from "../../api/bindings";
import { count } from "../format";

const named = (runs: readonly number[]): string =>
  `${runs.length === 1 ? "Run" : "Runs"} ${runs.map(count).join(", ")}`;

export const layers = {
  title: "Layers",
  /** Text of the menu button. */
  shown: (layers: LayerScope): string => {
    if (layers.kind === "all") return "All layers";
    return layers.runs.length === 0 ? "People only" : named(layers.runs);
  },
  all: "All layers",
  allNote: "All runs; for runs with the same model and recipe, only the newest",
  people: "People only",
  peopleNote: "What people drew, accepted or edited",
  runs: "Runs",
  run: (run: number, model: string) => `${named([run])}, ${model}`,
  noRuns: "No run has annotated an image yet.",
  alwaysPeople: "What people drew, accepted or edited is shown with every run.",
  /** After a count of images. */
  inLayers: (layers: LayerScope): string => {
    if (layers.kind === "all") return "in all layers";
    return layers.runs.length === 0 ? "people’s annotations only" : `${named(layers.runs).toLowerCase()} only`;
  },
};
