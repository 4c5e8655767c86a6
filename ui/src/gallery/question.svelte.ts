/** The library's query, as text and as filters. */
import type { Condition, ImageOrder, ImageQuery, LayerScope, QueryProblem, Test } from "../api/bindings";
import type { App } from "../state/app.svelte";
import { layersShown, namedRuns } from "../state/layers";
import { isSameTest, labelsOf, standing, withAlternative, withoutLabel } from "../state/questions";

export class Question {
  /** As typed; possibly invalid. */
  text = $state("");
  /** The first error in the text; the conditions are those of the valid words. */
  problem = $state.raw<QueryProblem | null>(null);
  conditions = $state.raw<readonly Condition[]>([]);
  order = $state<ImageOrder>("added");
  isReversed = $state(false);

  readonly #app: App;
  /** Only the latest parse counts. */
  #latest = 0;

  constructor(app: App) {
    this.#app = app;
  }

  get query(): ImageQuery {
    const { collection, layers } = this.#app.scope;
    return { collection, conditions: [...this.conditions], order: this.order, is_reversed: this.isReversed, layers };
  }

  /** The layers that are counted and shown. */
  get layers(): LayerScope {
    return layersShown(this.query);
  }

  /** The query without the condition at `place`, or without its collection if null. */
  without(place: number | null): ImageQuery {
    const { query } = this;
    if (place === null) return { ...query, collection: null };
    return { ...query, conditions: query.conditions.filter((_, each) => each !== place) };
  }

  async type(text: string): Promise<void> {
    this.text = text;
    const wish = ++this.#latest;
    const read = await this.#app.notices.attempt(() => this.#app.core.readQuery(text));
    if (wish !== this.#latest || !read) return;
    this.problem = read.problem;
    // Equal conditions do not reload.
    if (JSON.stringify(read.conditions) !== JSON.stringify(this.conditions)) this.#take(read.conditions);
  }

  /** Sets these conditions and writes them as text. */
  async ask(conditions: readonly Condition[]): Promise<void> {
    const wish = ++this.#latest;
    this.#take(conditions);
    this.problem = null;
    const text = await this.#app.notices.attempt(() => this.#app.core.queryText([...conditions]));
    if (wish === this.#latest && text !== undefined) this.text = text;
  }

  /** Shows a saved search. */
  async open(query: ImageQuery): Promise<void> {
    this.order = query.order;
    this.isReversed = query.is_reversed ?? false;
    await this.ask(query.conditions);
    this.#app.scope.layers = query.layers ?? null;
  }

  /** A newly named run is shown, whatever layers were selected before. */
  #take(conditions: readonly Condition[]): void {
    if (namedRuns(conditions).join() !== namedRuns(this.conditions).join()) this.#app.scope.layers = null;
    this.conditions = conditions;
  }

  standing(test: Test): ReturnType<typeof standing> {
    return standing(this.conditions, test);
  }

  /** The condition of a kind that can occur once, such as the state; null if absent. */
  chosen<Kind extends Test["kind"]>(kind: Kind): Extract<Test, { kind: Kind }> | null {
    const condition = this.conditions.find((each) => each.test.kind === kind && !each.is_excluded);
    return (condition?.test ?? null) as Extract<Test, { kind: Kind }> | null;
  }

  /** Replaces other conditions of its kind; removes it if it is set already. */
  choose(test: Test, isExcluded = false): Promise<void> {
    const { conditions } = this;
    const others = conditions.filter((each) => each.test.kind !== test.kind);
    const stands = conditions.some((each) => isSameTest(each.test, test) && each.is_excluded === isExcluded);
    return this.ask(stands ? others : [...others, { is_excluded: isExcluded, test }]);
  }

  /** Adds it to others of its kind; removes it if it is set already. */
  add(test: Test, isExcluded = false): Promise<void> {
    const others =
      test.kind === "label"
        ? withoutLabel(this.conditions, test.name)
        : this.conditions.filter((each) => !isSameTest(each.test, test));
    const stands = this.standing(test) === (isExcluded ? "excluded" : "included");
    return this.ask(stands ? others : [...others, { is_excluded: isExcluded, test }]);
  }

  /** Adds a label as an alternative to the latest condition on a label; removes it if it is set already. */
  addAlternative(name: string): Promise<void> {
    return this.ask(withAlternative(this.conditions, name));
  }

  /** Whether a label can be an alternative to another one. */
  hasOtherLabel(name: string): boolean {
    return withoutLabel(this.conditions, name).some(
      ({ test, is_excluded }) => !is_excluded && labelsOf(test).length > 0,
    );
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
