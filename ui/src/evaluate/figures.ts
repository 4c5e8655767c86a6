/** Figures of an evaluation as they are shown. */
import type {
  EvaluatedSide,
  EvaluationResult,
  ImportedLayer,
  PairedDifference,
  RunId,
  RunSummary,
  UnmeasuredReason,
} from "../api/bindings";
import { modelName, words } from "../messages";

/** Whether a difference is one, and in which direction; null if there are too few images to tell. */
export function verdict(difference: PairedDifference | null): "better" | "worse" | "none" | null {
  const interval = difference?.interval;
  if (!interval) return null;
  if (interval.low > 0) return "better";
  return interval.high < 0 ? "worse" : "none";
}

/** Why a figure is missing. */
export function reasonOf({ unmeasured }: EvaluationResult, key: string): UnmeasuredReason | null {
  return unmeasured.find(({ figure: of }) => of === key)?.reason ?? null;
}

export function sourceName(side: EvaluatedSide): string {
  switch (side.kind) {
    case "run":
      return modelName(side.model_name);
    case "layer":
      return side.name;
    case "people":
      return words.evaluate.people;
    case "file":
      return side.path;
  }
}

/** A run or imported layer by its number. */
export function layerName(layer: RunId, runs: readonly RunSummary[], layers: readonly ImportedLayer[]): string {
  const imported = layers.find(({ id }) => id === layer);
  if (imported) return words.evaluate.layer(imported.name, imported.role);
  return words.compare.run(layer, modelName(runs.find(({ id }) => id === layer)?.model_name ?? ""));
}

/** The layer of a side; null for people and files. */
export function layerOf(side: EvaluatedSide): RunId | null {
  switch (side.kind) {
    case "run":
      return side.run;
    case "layer":
      return side.layer;
    case "people":
    case "file":
      return null;
  }
}
