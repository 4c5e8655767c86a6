/**
 * Labels and attributes for annotations: the labels of the reviewed recipe, which get digit keys, all other known
 * labels, and the recipe's attributes.
 */
import type { Annotation, Attribute, AnnotationContent, Recipe, RunId } from "../api/bindings";
import type { Core } from "../api/core";
import { boundsOf } from "../components/shape";
import { keep, recall } from "../state/kept";
import { CAPTION_LABEL } from "./changes";

/** Number of labels with a digit key. */
export const DIGITS = 9;

/** What is being reviewed. */
export interface Reviewed {
  /** The run that review was opened for; null for other queues. */
  run: RunId | null;
  /** Annotations of the current image. */
  annotations: readonly Annotation[];
}

type VocabularyCore = Pick<Core, "runs" | "recipes" | "overview">;

/** Key for annotations without a recipe. */
const NO_RECIPE = "";

export class Vocabulary {
  readonly #core: VocabularyCore;
  readonly #reviewed: () => Reviewed;

  #recipes = $state.raw<ReadonlyMap<RunId, Recipe>>(new Map());
  #latestRun = $state<RunId | null>(null);
  /** Most frequent first. */
  #inLibrary = $state.raw<readonly string[]>([]);
  /** On images shown so far, in order of appearance. */
  #seen = $state.raw<readonly string[]>([]);
  /** By recipe: labels that the user added. */
  #added = $state.raw<ReadonlyMap<string, readonly string[]>>(new Map());
  /** By recipe: the last used label, remembered on this machine. */
  #lastUsed = $state.raw<Readonly<Record<string, string>>>(recall("labels", isRecordOfLabels) ?? {});
  #isLoading = false;

  /**
   * The recipe of the reviewed run, otherwise of the newest run with annotations on the image, otherwise of the latest
   * run.
   */
  readonly recipe = $derived.by<Recipe | null>(() => {
    const { run, annotations } = this.#reviewed();
    const onImage = annotations.flatMap(({ origin }) => (origin.kind === "run" ? [origin.run] : []));
    const runs = [run, ...onImage.sort((one, other) => other - one), this.#latestRun];
    const known = runs.find((each): each is RunId => each !== null && this.#recipes.has(each));
    return known === undefined ? null : (this.#recipes.get(known) ?? null);
  });
  readonly #recipeName = $derived(this.recipe?.name ?? NO_RECIPE);
  /** Labels with digit keys first (from the recipe, or seen so far), then those the user added. */
  readonly labels = $derived.by<readonly string[]>(() => [
    ...new Set([
      ...(this.recipe?.labels.map(({ name }) => name) ?? this.#seen),
      ...(this.#added.get(this.#recipeName) ?? []),
    ]),
  ]);
  /** The label of the next annotation; null if there are no labels yet. */
  readonly current = $derived.by(() => this.#lastUsed[this.#recipeName] ?? this.labels[0] ?? null);

  constructor(core: VocabularyCore, reviewed: () => Reviewed) {
    this.#core = core;
    this.#reviewed = reviewed;
  }

  /** Loads the recipes and the labels in use. */
  async load(): Promise<void> {
    if (this.#isLoading) return;
    this.#isLoading = true;
    try {
      const [runs, saved, overview] = await Promise.all([
        this.#core.runs(),
        this.#core.recipes(),
        this.#core.overview(null),
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
      // Labels can be typed without it, and other requests will report the error.
      console.warn(problem);
    } finally {
      this.#isLoading = false;
    }
  }

  /** Whether this run is known; a new run may have its own recipe. */
  knows(run: RunId): boolean {
    return this.#recipes.has(run);
  }

  /** Adds the labels of a shown image. */
  see(labels: readonly string[]): void {
    const unseen = labels.filter((label) => label !== CAPTION_LABEL && !this.#seen.includes(label));
    if (unseen.length > 0) this.#seen = [...this.#seen, ...new Set(unseen)];
  }

  /** Sets the label of the next annotation. */
  choose(label: string): void {
    this.#add(label);
    this.#lastUsed = { ...this.#lastUsed, [this.#recipeName]: label };
    // A last used label without a recipe does not carry over to another library.
    const { [NO_RECIPE]: _here, ...ofRecipes } = this.#lastUsed;
    keep("labels", ofRecipes);
  }

  /** Records the label of an annotation, and uses it for the next drawn one. Tags and captions are not drawn. */
  use({ label, shape }: AnnotationContent): void {
    if (boundsOf(shape) === null) this.#add(label);
    else this.choose(label);
  }

  /** The label of a digit, from 1. */
  at(digit: number): string | undefined {
    return digit >= 1 && digit <= DIGITS ? this.labels[digit - 1] : undefined;
  }

  /** Known labels that contain the text; those that start with it first. */
  matching(text: string, most: number): readonly string[] {
    const wanted = folded(text);
    const found = this.#known().filter((label) => folded(label).includes(wanted));
    const begins = (label: string) => folded(label).startsWith(wanted);
    return [...found.filter(begins), ...found.filter((label) => !begins(label))].slice(0, most);
  }

  /** The known label that equals the text, ignoring case; otherwise undefined. */
  named(text: string): string | undefined {
    const known = this.#known();
    return known.find((label) => label === text.trim()) ?? known.find((label) => folded(label) === folded(text));
  }

  /**
   * The attributes of an annotation's recipe: its run's, or for a user's annotation those of the others on the image.
   * An image tag may hold those of the image.
   */
  attributesOf(annotation: Annotation, annotations: readonly Annotation[]): readonly Attribute[] {
    const runs = [annotation, ...annotations].flatMap(({ origin }) => (origin.kind === "run" ? [origin.run] : []));
    const run = runs.find((each) => this.#recipes.has(each)) ?? this.#latestRun;
    const asked = (run === null ? undefined : this.#recipes.get(run)?.attributes) ?? [];
    const isOfImage = annotation.shape.kind === "image_tag" && annotation.label === IMAGE_LABEL;
    return asked.filter(({ of }) => (of === "image") === isOfImage);
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

/** The label of the image tag with the attributes of the image, as in the core. */
const IMAGE_LABEL = "image";

/** Normalizes case and accent encoding for comparison. */
function folded(label: string): string {
  return label.trim().normalize("NFC").toLowerCase();
}

function isRecordOfLabels(value: unknown): value is Record<string, string> {
  return (
    typeof value === "object" && value !== null && Object.values(value).every((label) => typeof label === "string")
  );
}
