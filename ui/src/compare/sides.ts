/** Which sides there are to compare, and what they are called. */
import type { LayerScope, RunId, RunSummary, Side } from "../ipc/bindings";
import { words } from "../messages";
import { layersOfRuns } from "../state/layers";
import type { Sides } from "./choices";

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

/** A name that a list can be keyed by. */
export function keyOf(side: Side): string {
  return side.kind === "run" ? `run-${side.run}` : "decided";
}

export function sideName(side: Side, runs: readonly RunSummary[]): string {
  if (side.kind === "decided") return words.compare.decided;
  return words.compare.run(side.run, runs.find(({ id }) => id === side.run)?.model_name ?? "");
}

/** Runs that have answers, the newest first, and what people decided. */
export function sidesAmong(runs: readonly RunSummary[]): Side[] {
  return [...answered(runs).map(sideOf), DECIDED];
}

/** What to begin with: the latest run beside the one before it, or beside what people decided. */
export function likelySides(runs: readonly RunSummary[]): Sides | null {
  const [latest, before] = answered(runs);
  if (!latest) return null;
  return { first: sideOf(latest), second: before ? sideOf(before) : DECIDED };
}

/** The runs whose layers are shown: the first two, or the one beside another run or what people decided. */
export function sidesShown(layers: LayerScope, runs: readonly RunSummary[]): Sides | null {
  if (layers.kind === "all") return null;
  const [run, other] = answered(runs).filter(({ id }) => layers.runs.includes(id));
  if (!run) return null;
  const beside = other ?? answered(runs).find(({ id }) => id !== run.id);
  return { first: sideOf(run), second: beside ? sideOf(beside) : DECIDED };
}

/** What both sides and people have put on images. */
export function layersOfSides(sides: Sides | null): LayerScope {
  const both = sides === null ? [] : [sides.first, sides.second];
  return layersOfRuns(both.flatMap((side): RunId[] => (side.kind === "run" ? [side.run] : [])));
}

export function answered(runs: readonly RunSummary[]): RunSummary[] {
  return runs.filter(({ done }) => done > 0);
}

/** Another side in one of the two places; what stands in the other place already changes places with it. */
export function withSide(sides: Sides, of: keyof Sides, side: Side): Sides {
  const other = of === "first" ? "second" : "first";
  return isSameSide(sides[other], side) ? swapped(sides) : { ...sides, [of]: side };
}

export function swapped({ first, second }: Sides): Sides {
  return { first: second, second: first };
}
