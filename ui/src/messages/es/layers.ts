import type { layers as en } from "../en/layers";
import { count } from "../format";
import type { Translation } from "../translation";

const named = (runs: readonly number[]): string =>
  `${runs.length === 1 ? "Ejecución" : "Ejecuciones"} ${runs.map(count).join(", ")}`;

export const layers: Translation<typeof en> = {
  title: "Capas",
  shown: (layers) => {
    if (layers.kind === "all") return "Todas las capas";
    return layers.runs.length === 0 ? "Solo personas" : named(layers.runs);
  },
  all: "Todas las capas",
  allNote: "Cada ejecución; de las de igual modelo y receta, la más reciente",
  people: "Solo personas",
  peopleNote: "Lo que las personas han dibujado, aceptado o editado",
  runs: "Ejecuciones",
  run: (run, model) => `${named([run])}, ${model}`,
  noRuns: "Ninguna ejecución ha anotado aún una imagen.",
  alwaysPeople: "Lo que las personas han dibujado, aceptado o editado se muestra con cada ejecución.",
  inLayers: (layers) => {
    if (layers.kind === "all") return "en todas las capas";
    return layers.runs.length === 0 ? "solo anotaciones de personas" : `solo ${named(layers.runs).toLowerCase()}`;
  },
};
