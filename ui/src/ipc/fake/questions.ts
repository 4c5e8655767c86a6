/** Questions to the core in memory: what they find, in which order, and the counts beside filters. */
import type {
  Check,
  CollectionId,
  Completion,
  FilterCounts,
  ImageCard,
  ImageId,
  ImageQuery,
  LayerScope,
  CheckFinding,
  RunCount,
} from "../bindings";
import { ALL_LAYERS, layersShown } from "../../state/layers";
import type { FakeLibrary } from "./library";
import { findingsOn } from "./checks";
import { chance } from "./photos";
import { complete } from "./query/complete";
import { filterCounts } from "./query/counts";
import { type Facts, holdsAll, standingAnnotations } from "./query/match";
import { colorOf } from "./recipes";
import { monthOf, takenOf } from "./taken";
import { cardIn } from "./layers";

/** A run, as far as questions ask for it. */
export interface AskedRun {
  id: number;
  modelName: string;
  images: readonly ImageId[];
  /** Images that it has still to do. */
  left: readonly ImageId[];
}

const LONG_AGO = Date.UTC(2026, 8, 25);
const A_DAY_MILLIS = 86_400_000;
const DAYS = 60;

export class FakeQuestions {
  readonly #library: FakeLibrary;
  /** The newest last. */
  readonly #runs: () => AskedRun[];

  constructor(library: FakeLibrary, runs: () => AskedRun[]) {
    this.#library = library;
    this.#runs = runs;
  }

  imageIds(query: ImageQuery): ImageId[] {
    const { collection, conditions, order } = query;
    const layers = layersShown(query);
    const ids = conditions.length === 0 ? this.#library.ids(collection) : [];
    if (conditions.length > 0)
      for (const facts of this.#facts(collection, layers)) if (holdsAll(conditions, facts)) ids.push(facts.card.id);
    if (order === "added") return ids;
    const rank = new Map(ids.map((id) => [id, this.#rankOf(cardIn(layers, this.#library.card(id)), order)]));
    const of = (id: ImageId) => rank.get(id) ?? Infinity;
    return ids.sort((one, other) => (of(one) < of(other) ? -1 : of(one) > of(other) ? 1 : one - other));
  }

  counts(query: ImageQuery): FilterCounts {
    const { collection, conditions } = query;
    const layers = layersShown(query);
    const everywhere = conditions.length > 0 ? this.#facts(null, layers) : null;
    const runs = this.#runs()
      .reverse()
      .map(({ id, modelName }): RunCount => ({ run: id, model_name: modelName, count: 0 }));
    const { folders } = this.#library;
    return filterCounts(conditions, this.#facts(collection, layers), everywhere, folders, runs, colorOf);
  }

  complete(text: string, cursor: number): Completion {
    return complete(text, cursor, {
      labels: this.#library.overview(null).labels.map(({ name, count }) => [name, count]),
      collections: this.#library.folders.map(({ name, count }) => [name, count]),
      runs: this.#runs()
        .reverse()
        .map(({ id, modelName }) => [id, modelName]),
      months: this.#months(),
    });
  }

  /** In which images were taken, the latest first. */
  #months(): [string, number][] {
    const counts = new Map<string, number>();
    for (const id of this.#library.ids(null)) {
      const taken = takenOf(id);
      if (taken) counts.set(monthOf(taken), (counts.get(monthOf(taken)) ?? 0) + 1);
    }
    return [...counts].sort(([one], [other]) => (one < other ? 1 : -1));
  }

  /** Whether a run has it still to do. */
  cards(ids: ImageId[], layers = ALL_LAYERS): ImageCard[] {
    const left = new Set(this.#runs().flatMap((run) => run.left));
    return this.#library.cards(ids).map((card) => ({ ...cardIn(layers, card), is_running: left.has(card.id) }));
  }

  findings(image: ImageId, layers = ALL_LAYERS): CheckFinding[] {
    return this.#library.cards([image]).flatMap((card) => findingsOn(cardIn(layers, card), this.#library.habits));
  }

  #rankOf(card: ImageCard, order: ImageQuery["order"]): number | string {
    return order === "uncertainty" ? this.#certaintyOf(card) : rankOf(card, order);
  }

  /** The most doubtful least: what is not certain, likely mistakes, rare labels; what is reviewed comes last. */
  #certaintyOf(card: ImageCard): number {
    if (card.review !== "unreviewed") return Infinity;
    const { counts } = this.#library.habits;
    const proposed = card.annotations.filter(({ status }) => status === "proposed");
    const doubts = proposed.map(({ confidence, label }) => 1 - (confidence ?? 0) + 1 / (counts.get(label) ?? 1));
    return -Math.max(0, ...doubts) - this.findings(card.id).length;
  }

  *#facts(collection: CollectionId | null, layers: LayerScope): Generator<Facts> {
    const runs = this.#runs().map(({ id, images }) => ({ id, images: new Set(images) }));
    const left = new Set(this.#runs().flatMap((run) => run.left));
    for (const id of this.#library.ids(collection)) {
      let checks: ReadonlySet<Check> | null = null;
      yield {
        card: { ...cardIn(layers, this.#library.card(id)), is_running: left.has(id) },
        folder: this.#library.folderOf(id),
        date: new Date(dateOf(id)).toISOString().slice(0, 10),
        runs: runs.filter(({ images }) => images.has(id)).map((run) => run.id),
        checks: () => (checks ??= new Set(this.findings(id, layers).map(({ check }) => check))),
      };
    }
  }
}

function dateOf(id: ImageId): number {
  return LONG_AGO + Math.floor(chance(id, 90) * DAYS) * A_DAY_MILLIS;
}

function rankOf(card: ImageCard, order: Exclude<ImageQuery["order"], "uncertainty">): number | string {
  const proposed = card.annotations
    .filter((annotation) => annotation.status === "proposed")
    .map((annotation) => annotation.confidence ?? 0);
  switch (order) {
    case "added":
      return card.id;
    case "name":
      return card.name.toLowerCase();
    case "newest":
      return -dateOf(card.id);
    case "taken":
      return card.taken?.clock_millis ?? Infinity;
    case "least_certain":
      return proposed.reduce((least, confidence) => Math.min(least, confidence), Infinity);
    case "most_annotations":
      return -standingAnnotations(card).length;
    case "disagreement":
      return card.is_annotated ? -Math.floor(chance(card.id, 91) * 4) : 0;
  }
}
