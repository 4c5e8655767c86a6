/**
 * What marks may say: labels with their digits, and the attributes that a recipe asks for. Digits are learnt by hand: a
 * label keeps its place for as long as the window is open, new ones come behind.
 */
import type { Annotation, Attribute, LibraryOverview, MarkContent, Recipe, RunId } from "../ipc/bindings";
import type { Seam } from "../ipc/seam";
import { boundsOf } from "../kit/shape";
import { CAPTION_LABEL } from "./changes";

/** Labels that a digit chooses. */
export const DIGITS = 9;

export interface KnownLabel {
  name: string;
  color: number;
}

type VocabularySeam = Pick<Seam, "runs" | "recipes" | "overview">;

export class Vocabulary {
  readonly #seam: VocabularySeam;
  labels = $state.raw<readonly KnownLabel[]>([]);
  /** What the next mark is called; null until there is any label. */
  readonly current = $derived.by(() => this.#chosen ?? this.labels[0]?.name ?? null);

  #chosen = $state<string | null>(null);
  #recipes = $state.raw<ReadonlyMap<RunId, Recipe>>(new Map());
  #latestRun: RunId | null = null;
  #isLoading = false;

  constructor(seam: VocabularySeam) {
    this.#seam = seam;
  }

  /** Reads which recipes there are and what is on images already. */
  async load(): Promise<void> {
    if (this.#isLoading) return;
    this.#isLoading = true;
    try {
      const [runs, saved, overview] = await Promise.all([
        this.#seam.runs(),
        this.#seam.recipes(),
        this.#seam.overview(null),
      ]);
      const byName = new Map(saved.map(({ recipe }) => [recipe.name, recipe]));
      this.#recipes = new Map(
        runs.flatMap(({ id, recipe_name }) => {
          const recipe = byName.get(recipe_name);
          return recipe ? [[id, recipe] as const] : [];
        }),
      );
      this.#latestRun = runs.find(({ id }) => this.#recipes.has(id))?.id ?? null;
      this.#order(overview);
    } catch (problem) {
      // Marks can be named without it; whatever else fails will say so.
      console.warn(problem);
    } finally {
      this.#isLoading = false;
    }
  }

  /** A run that this has not heard of may have a recipe of its own. */
  knows(run: RunId): boolean {
    return this.#recipes.has(run);
  }

  /** Chooses what the next mark is called. */
  choose(name: string): void {
    this.#chosen = name;
    this.learn([{ name, color: this.colorOf(name) }]);
  }

  /** A mark says so now. What is drawn next is called the same; what is said of an image as a whole is not drawn. */
  use({ label, shape }: MarkContent): void {
    if (boundsOf(shape) === null) this.learn([{ name: label, color: this.colorOf(label) }]);
    else this.choose(label);
  }

  learn(labels: readonly KnownLabel[]): void {
    const known = new Set(this.labels.map(({ name }) => name));
    const unknown = labels.filter(({ name }) => name !== CAPTION_LABEL && !known.has(name) && known.add(name));
    if (unknown.length > 0) this.labels = [...this.labels, ...unknown.map(({ name, color }) => ({ name, color }))];
  }

  /** The label of a digit, from 1. */
  at(digit: number): KnownLabel | undefined {
    return digit >= 1 && digit <= DIGITS ? this.labels[digit - 1] : undefined;
  }

  /** The digit of a label; null when it has none. */
  digitOf(name: string): number | null {
    const place = this.labels.findIndex((label) => label.name === name);
    return place >= 0 && place < DIGITS ? place + 1 : null;
  }

  colorOf(name: string): number {
    return this.labels.find((label) => label.name === name)?.color ?? (this.labels.length % 12) + 1;
  }

  /** Labels in whose name this stands; those that begin with it first. */
  matching(text: string, most: number): readonly KnownLabel[] {
    const wanted = text.trim().toLowerCase();
    const found = this.labels.filter(({ name }) => name.toLowerCase().includes(wanted));
    const begins = ({ name }: KnownLabel) => name.toLowerCase().startsWith(wanted);
    return [...found.filter(begins), ...found.filter((label) => !begins(label))].slice(0, most);
  }

  /** What the recipe asks of a mark: that of its run, or for one of the person's own that of its neighbours. */
  attributesOf(mark: Annotation, marks: readonly Annotation[]): readonly Attribute[] {
    const runs = [mark, ...marks].flatMap(({ origin }) => (origin.kind === "run" ? [origin.run] : []));
    const run = runs.find((each) => this.#recipes.has(each)) ?? this.#latestRun;
    return (run === null ? undefined : this.#recipes.get(run)?.attributes) ?? [];
  }

  /** A short recipe has its digits in its own order; otherwise the labels that are on most marks come first. */
  #order({ labels }: LibraryOverview): void {
    const recipe = this.#latestRun === null ? [] : (this.#recipes.get(this.#latestRun)?.labels ?? []);
    this.learn(recipe.length <= DIGITS ? [...recipe, ...labels] : [...labels, ...recipe]);
  }
}
