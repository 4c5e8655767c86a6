import type { layers as en } from "../en/layers";
import { count } from "../format";
import type { Translation } from "../translation";

const numbered = (runs: readonly number[]): string =>
  `${runs.length === 1 ? "Ejecución" : "Ejecuciones"} ${runs.map(count).join(", ")}`;

function named(layers: readonly number[], nameOf: (layer: number) => string | undefined): string {
  const imported = layers.flatMap((layer) => nameOf(layer) ?? []);
  const runs = layers.filter((layer) => nameOf(layer) === undefined);
  return [...(runs.length > 0 ? [numbered(runs)] : []), ...imported].join(", ");
}

export const layers: Translation<typeof en> = {
  title: "Capas",
  shown: (layers, nameOf = () => undefined) => {
    if (layers.kind === "all") return "Todas las capas";
    return layers.runs.length === 0 ? "Solo personas" : named(layers.runs, nameOf);
  },
  all: "Todas las capas",
  allNote: "Cada ejecución; de las de igual modelo y receta, la más reciente",
  people: "Solo personas",
  peopleNote: "Lo que las personas han dibujado, aceptado o editado",
  runs: "Ejecuciones",
  imported: "Importadas",
  run: (run, model) => `${numbered([run])}, ${model}`,
  noRuns: "Ninguna ejecución ha anotado aún una imagen.",
  alwaysPeople: "Lo que las personas han dibujado, aceptado o editado se muestra con cada ejecución.",
  inLayers: (layers, nameOf = () => undefined) => {
    if (layers.kind === "all") return "en todas las capas";
    return layers.runs.length === 0
      ? "solo anotaciones de personas"
      : `solo ${named(layers.runs, nameOf).replace(/^Ejecuci/, "ejecuci")}`;
  },
};
