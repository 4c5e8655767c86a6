/** Figures of an evaluation as they are shown. */
import type { EvaluatedSide, EvaluationResult, PairedDifference, RunSummary, UnmeasuredReason } from "../api/bindings";
import { modelName, words } from "../messages";

/** Whether a difference is one, and in which direction. */
export function verdict(difference: PairedDifference | null): "better" | "worse" | "none" | null {
  if (difference === null) return null;
  if (difference.low > 0) return "better";
  return difference.high < 0 ? "worse" : "none";
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

export function runName(run: RunSummary): string {
  return words.compare.run(run.id, modelName(run.model_name));
}
