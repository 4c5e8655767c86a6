/** Which sides can be compared, and their names. */
import type { LayerScope, RunId, RunSummary, Side, Sides } from "../api/bindings";
import { modelName, words } from "../messages";
import { layersOfRuns } from "../state/layers";

export const DECIDED: Side = { kind: "decided" };

export function sideOf(run: RunSummary): Side {
  return { kind: "run", run: run.id };
}

export function isSameSide(one: Side, other: Side): boolean {
  return one.kind === "run" ? other.kind === "run" && one.run === other.run : other.kind === "decided";
}

export function areSameSides(one: Sides | null, other: Sides | null): boolean {
  return one !== null && other !== null && isSameSide(one.first, other.first) && isSameSide(one.second, other.second);
}

/** A key for lists. */
export function keyOf(side: Side): string {
  return side.kind === "run" ? `run-${side.run}` : "decided";
}

export function sideName(side: Side, runs: readonly RunSummary[]): string {
  if (side.kind === "decided") return words.compare.decided;
  return words.compare.run(side.run, modelName(runs.find(({ id }) => id === side.run)?.model_name ?? ""));
}

/** Runs with answers, newest first, then people's decisions. */
export function sidesAmong(runs: readonly RunSummary[]): Side[] {
  return [...answered(runs).map(sideOf), DECIDED];
}

/** Default sides: the latest run with the one before it, or with people's decisions. */
export function likelySides(runs: readonly RunSummary[]): Sides | null {
  const [latest, before] = answered(runs);
  if (!latest) return null;
  return { first: sideOf(latest), second: before ? sideOf(before) : DECIDED };
}

/** The runs whose layers are shown: the first two, or the only one with another side. */
export function sidesShown(layers: LayerScope, runs: readonly RunSummary[]): Sides | null {
  if (layers.kind === "all") return null;
  const [run, other] = answered(runs).filter(({ id }) => layers.runs.includes(id));
  if (!run) return null;
  const beside = other ?? answered(runs).find(({ id }) => id !== run.id);
  return { first: sideOf(run), second: beside ? sideOf(beside) : DECIDED };
}

/** The layers of both sides and of people. */
export function layersOfSides(sides: Sides | null): LayerScope {
  const both = sides === null ? [] : [sides.first, sides.second];
  return layersOfRuns(both.flatMap((side): RunId[] => (side.kind === "run" ? [side.run] : [])));
}

export function answered(runs: readonly RunSummary[]): RunSummary[] {
  return runs.filter(({ done }) => done > 0);
}

/** Replaces one side; if it equals the other one, both are swapped. */
export function withSide(sides: Sides, of: keyof Sides, side: Side): Sides {
  const other = of === "first" ? "second" : "first";
  return isSameSide(sides[other], side) ? swapped(sides) : { ...sides, [of]: side };
}

export function swapped({ first, second }: Sides): Sides {
  return { first: second, second: first };
}
