/**
 * What annotations may say: the labels of the recipe that is reviewed, which have the digits, every other label that is
 * known, and the attributes that a recipe asks for.
 */
import type { Annotation, Attribute, AnnotationContent, Recipe, RunId } from "../ipc/bindings";
import type { Seam } from "../ipc/seam";
import { boundsOf } from "../kit/shape";
import { keep, recall } from "../state/kept";
import { CAPTION_LABEL } from "./changes";

/** Labels that a digit chooses. */
export const DIGITS = 9;

/** What is reviewed now. */
export interface Reviewed {
  /** The run that review was opened for; null when it was opened for other images. */
  run: RunId | null;
  /** On the image that is shown. */
  annotations: readonly Annotation[];
}

type VocabularySeam = Pick<Seam, "runs" | "recipes" | "overview">;

/** Stands for the recipe where there is none. */
const NO_RECIPE = "";

export class Vocabulary {
  readonly #seam: VocabularySeam;
  readonly #reviewed: () => Reviewed;

  #recipes = $state.raw<ReadonlyMap<RunId, Recipe>>(new Map());
  #latestRun = $state<RunId | null>(null);
  /** The most frequent first. */
  #inLibrary = $state.raw<readonly string[]>([]);
  /** On images that were shown, in the order in which they came up. */
  #seen = $state.raw<readonly string[]>([]);
  /** By recipe: labels that the person has used beside those of the recipe. */
  #added = $state.raw<ReadonlyMap<string, readonly string[]>>(new Map());
  /** By recipe: the label that was used last. It is kept on this machine. */
  #lastUsed = $state.raw<Readonly<Record<string, string>>>(recall("labels", isRecordOfLabels) ?? {});
  #isLoading = false;

  /** That of the run that is reviewed, or of the newest run with annotations on the image, or of the latest run. */
  readonly recipe = $derived.by<Recipe | null>(() => {
    const { run, annotations } = this.#reviewed();
    const onImage = annotations.flatMap(({ origin }) => (origin.kind === "run" ? [origin.run] : []));
    const runs = [run, ...onImage.sort((one, other) => other - one), this.#latestRun];
    const known = runs.find((each): each is RunId => each !== null && this.#recipes.has(each));
    return known === undefined ? null : (this.#recipes.get(known) ?? null);
  });
  readonly #recipeName = $derived(this.recipe?.name ?? NO_RECIPE);
  /** Those with digits first: of the recipe, or of the images seen so far; then what the person has added. */
  readonly labels = $derived.by<readonly string[]>(() => [
    ...new Set([
      ...(this.recipe?.labels.map(({ name }) => name) ?? this.#seen),
      ...(this.#added.get(this.#recipeName) ?? []),
    ]),
  ]);
  /** What the next annotation is called; null until there is any label. */
  readonly current = $derived.by(() => this.#lastUsed[this.#recipeName] ?? this.labels[0] ?? null);

  constructor(seam: VocabularySeam, reviewed: () => Reviewed) {
    this.#seam = seam;
    this.#reviewed = reviewed;
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
      this.#inLibrary = overview.labels.map(({ name }) => name);
    } catch (problem) {
      // Annotations can be named without it; whatever else fails will say so.
      console.warn(problem);
    } finally {
      this.#isLoading = false;
    }
  }

  /** A run that this has not heard of may have a recipe of its own. */
  knows(run: RunId): boolean {
    return this.#recipes.has(run);
  }

  /** An image with these labels is shown. */
  see(labels: readonly string[]): void {
    const unseen = labels.filter((label) => label !== CAPTION_LABEL && !this.#seen.includes(label));
    if (unseen.length > 0) this.#seen = [...this.#seen, ...new Set(unseen)];
  }

  /** Chooses what the next annotation is called. */
  choose(label: string): void {
    this.#add(label);
    this.#lastUsed = { ...this.#lastUsed, [this.#recipeName]: label };
    // Without a recipe it says nothing about another library.
    const { [NO_RECIPE]: _here, ...ofRecipes } = this.#lastUsed;
    keep("labels", ofRecipes);
  }

  /** An annotation says so now. What is drawn next is called the same; what is said of a whole image is not drawn. */
  use({ label, shape }: AnnotationContent): void {
    if (boundsOf(shape) === null) this.#add(label);
    else this.choose(label);
  }

  /** The label of a digit, from 1. */
  at(digit: number): string | undefined {
    return digit >= 1 && digit <= DIGITS ? this.labels[digit - 1] : undefined;
  }

  /** Known labels in which this stands; those that begin with it first. */
  matching(text: string, most: number): readonly string[] {
    const wanted = folded(text);
    const found = this.#known().filter((label) => folded(label).includes(wanted));
    const begins = (label: string) => folded(label).startsWith(wanted);
    return [...found.filter(begins), ...found.filter((label) => !begins(label))].slice(0, most);
  }

  /** The known label that is written so, whatever its case; undefined when there is none. */
  named(text: string): string | undefined {
    const known = this.#known();
    return known.find((label) => label === text.trim()) ?? known.find((label) => folded(label) === folded(text));
  }

  /** What the recipe asks of an annotation: that of its run, or for one of the person's own that of its neighbours. */
  attributesOf(annotation: Annotation, annotations: readonly Annotation[]): readonly Attribute[] {
    const runs = [annotation, ...annotations].flatMap(({ origin }) => (origin.kind === "run" ? [origin.run] : []));
    const run = runs.find((each) => this.#recipes.has(each)) ?? this.#latestRun;
    return (run === null ? undefined : this.#recipes.get(run)?.attributes) ?? [];
  }

  #known(): readonly string[] {
    const onImage = this.#reviewed().annotations.map(({ label }) => label);
    return [...new Set([...this.labels, ...onImage, ...this.#inLibrary])].filter((label) => label !== CAPTION_LABEL);
  }

  #add(label: string): void {
    if (label === CAPTION_LABEL || this.labels.includes(label)) return;
    const added = [...(this.#added.get(this.#recipeName) ?? []), label];
    this.#added = new Map([...this.#added, [this.#recipeName, added]]);
  }
}

/** Labels that differ only in case, or in how an accent is encoded, are one. */
function folded(label: string): string {
  return label.trim().normalize("NFC").toLowerCase();
}

function isRecordOfLabels(value: unknown): value is Record<string, string> {
  return (
    typeof value === "object" && value !== null && Object.values(value).every((label) => typeof label === "string")
  );
}
