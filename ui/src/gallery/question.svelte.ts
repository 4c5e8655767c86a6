/** What the library is asked for: one question, seen as text and as filters. */
import type { Condition, ImageOrder, ImageQuery, LayerScope, QueryProblem, Test } from "../ipc/bindings";
import type { App } from "../state/app.svelte";
import { layersShown, namedRuns } from "../state/layers";
import { isSameTest, standing } from "../state/questions";

export class Question {
  /** As it is typed; it may not be understood yet. */
  text = $state("");
  /** Why a word of the text is not understood; the conditions are those of the others. */
  problem = $state.raw<QueryProblem | null>(null);
  conditions = $state.raw<readonly Condition[]>([]);
  order = $state<ImageOrder>("added");

  readonly #app: App;
  /** Reading and writing take a moment: only the latest wish counts. */
  #latest = 0;

  constructor(app: App) {
    this.#app = app;
  }

  get query(): ImageQuery {
    const { collection, layers } = this.#app;
    return { collection, conditions: [...this.conditions], order: this.order, layers };
  }

  /** The layers that count and are shown. */
  get layers(): LayerScope {
    return layersShown(this.query);
  }

  /** The query without the condition at `place`, or with null without its collection. */
  without(place: number | null): ImageQuery {
    const { query } = this;
    if (place === null) return { ...query, collection: null };
    return { ...query, conditions: query.conditions.filter((_, each) => each !== place) };
  }

  async type(text: string): Promise<void> {
    this.text = text;
    const wish = ++this.#latest;
    const read = await this.#app.attempt(() => this.#app.seam.readQuery(text));
    if (wish !== this.#latest || !read) return;
    this.problem = read.problem;
    // The same conditions again find the same images.
    if (JSON.stringify(read.conditions) !== JSON.stringify(this.conditions)) this.#take(read.conditions);
  }

  /** Asks for these conditions and says them as text. */
  async ask(conditions: readonly Condition[]): Promise<void> {
    const wish = ++this.#latest;
    this.#take(conditions);
    this.problem = null;
    const text = await this.#app.attempt(() => this.#app.seam.queryText([...conditions]));
    if (wish === this.#latest && text !== undefined) this.text = text;
  }

  /** A run that is named anew is shown, whichever layers were chosen before. */
  #take(conditions: readonly Condition[]): void {
    if (namedRuns(conditions).join() !== namedRuns(this.conditions).join()) this.#app.layers = null;
    this.conditions = conditions;
  }

  standing(test: Test): ReturnType<typeof standing> {
    return standing(this.conditions, test);
  }

  /** The one condition of a kind of which only one can hold, such as the state; null when there is none. */
  chosen<Kind extends Test["kind"]>(kind: Kind): Extract<Test, { kind: Kind }> | null {
    const condition = this.conditions.find((each) => each.test.kind === kind && !each.is_excluded);
    return (condition?.test ?? null) as Extract<Test, { kind: Kind }> | null;
  }

  /** Takes the place of other conditions of its kind; when it stands already, it goes. */
  choose(test: Test, isExcluded = false): Promise<void> {
    const { conditions } = this;
    const others = conditions.filter((each) => each.test.kind !== test.kind);
    const stands = conditions.some((each) => isSameTest(each.test, test) && each.is_excluded === isExcluded);
    return this.ask(stands ? others : [...others, { is_excluded: isExcluded, test }]);
  }

  /** Adds it beside others of its kind; when it stands already, it goes. */
  add(test: Test, isExcluded = false): Promise<void> {
    const others = this.conditions.filter((each) => !isSameTest(each.test, test));
    const stands = this.standing(test) === (isExcluded ? "excluded" : "included");
    return this.ask(stands ? others : [...others, { is_excluded: isExcluded, test }]);
  }

  dropKind(kind: Test["kind"]): Promise<void> {
    return this.ask(this.conditions.filter((each) => each.test.kind !== kind));
  }

  drop(place: number): Promise<void> {
    return this.ask(this.conditions.filter((_, each) => each !== place));
  }

  clear(): Promise<void> {
    return this.ask([]);
  }
}
