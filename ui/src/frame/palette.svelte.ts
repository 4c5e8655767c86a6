/**
 * What the command palette finds: actions that can be done now, collections, recipes, runs, and images that were looked
 * at. It never lists the library: with 100,000 images in it the palette opens as fast as with none. Names in the whole
 * library are the library's own search, to which the palette leads.
 */
import fuzzysort from "fuzzysort";

import type { RunSummary, SavedRecipe } from "../ipc/bindings";
import { words } from "../messages";
import { moment } from "../messages/format";
import type { App } from "../state/app.svelte";
import type { Chord } from "../state/actions/chords";
import { placeOf } from "../state/actions/table";

export type GroupName = keyof typeof words.actions.palette.groups;

export interface Item {
  id: string;
  name: string;
  /** What tells it from others of its name. */
  note: string;
  chord: Chord | null;
  take: () => void;
}

export interface Group {
  name: GroupName;
  items: Item[];
}

/** What the palette leads to and the frame does not own. */
export interface Ways {
  planWith: (recipe: SavedRecipe) => void;
  searchLibrary: (text: string) => void;
}

/** Of each kind, while something is typed and before. */
const MOST_FOUND = 8;
const MOST_OFFERED = 4;
/** Of what is typed at least half must be there in a way that people would type it. */
const LEAST_SCORE = 0.35;

export class Palette {
  text = $state("");
  /** Place in `items`. */
  active = $state(0);

  readonly #app: App;
  readonly #ways: Ways;
  #recipes = $state.raw<readonly SavedRecipe[]>([]);
  #runs = $state.raw<readonly RunSummary[]>([]);

  readonly groups = $derived.by<Group[]>(() => this.#groups());
  readonly items = $derived(this.groups.flatMap(({ items }) => items));

  constructor(app: App, ways: Ways) {
    this.#app = app;
    this.#ways = ways;
  }

  /** Begins anew, and reads what may have changed since the palette was last open. */
  async open(): Promise<void> {
    this.type("");
    const { seam } = this.#app;
    await this.#app.attempt(async () => {
      [this.#recipes, this.#runs] = await Promise.all([seam.recipes(), seam.runs()]);
    });
  }

  type(text: string): void {
    this.text = text;
    this.active = 0;
  }

  /** To the next one or the one before, around the ends. */
  move(step: 1 | -1): void {
    const count = this.items.length;
    if (count > 0) this.active = (this.active + step + count) % count;
  }

  #groups(): Group[] {
    const text = this.text.trim();
    const all = this.#offered();
    if (text === "") {
      return all.flatMap(({ name, items }) => {
        const shown = name === "here" ? items : items.slice(0, MOST_OFFERED);
        return shown.length === 0 ? [] : [{ name, items: shown }];
      });
    }
    const found = all.flatMap(({ name, items }) => {
      const matches = fuzzysort.go(text, items, { key: "name", limit: MOST_FOUND, threshold: LEAST_SCORE });
      return matches.length === 0 ? [] : [{ name, items: matches.map(({ obj }) => obj), best: matches[0]?.score ?? 0 }];
    });
    // What fits best comes first, with its kind.
    return [...found.sort((one, other) => other.best - one.best), { name: "library", items: [this.#search(text)] }];
  }

  #offered(): Group[] {
    const app = this.#app;
    const actions = app.actions.byName.map((id) => ({
      place: placeOf(id),
      id: `action-${id}`,
      name: words.actions.titles[id],
      note: "",
      chord: app.actions.keymap.keysOf(id)[0] ?? null,
      take: () => app.actions.do(id),
    }));
    return [
      { name: "here", items: actions.filter(({ place }) => place !== "everywhere") },
      { name: "actions", items: actions.filter(({ place }) => place === "everywhere") },
      {
        name: "collections",
        items: (app.library?.collections ?? []).map(({ id, name, image_count }) =>
          item(`collection-${id}`, name, words.actions.palette.imagesOf(image_count), () => app.showCollection(id)),
        ),
      },
      {
        name: "recipes",
        items: this.#recipes.map((saved) =>
          item(`recipe-${saved.id}`, saved.recipe.name, "", () => this.#ways.planWith(saved)),
        ),
      },
      {
        name: "runs",
        items: this.#runs.map(({ id, model_name, recipe_name, started_at }) =>
          item(`run-${id}`, `${words.run.title(id)}: ${model_name}, ${recipe_name}`, moment(started_at), () =>
            app.showRun(id),
          ),
        ),
      },
      {
        name: "images",
        items: app.recent.all.map(({ id, name }) => item(`image-${id}`, name, "", () => app.openReview([id], 0))),
      },
    ];
  }

  #search(text: string): Item {
    return item("search", words.actions.palette.searchLibrary(text), "", () => this.#ways.searchLibrary(text));
  }
}

function item(id: string, name: string, note: string, take: () => void): Item {
  return { id, name, note, chord: null, take };
}
