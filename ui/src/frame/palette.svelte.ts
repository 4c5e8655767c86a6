/**
 * Search of the command palette: available actions, collections, recipes, runs and recently viewed images. It never
 * lists the whole library, so that it opens fast with 100,000 images; it links to the library's search instead.
 */
import fuzzysort from "fuzzysort";

import type { RunSummary, SavedRecipe, SmartCollection, Suggestion } from "../api/bindings";
import { modelName, recipeName, words } from "../messages";
import { moment } from "../messages/format";
import { pageTitle, SETTINGS_PAGES } from "../settings/rows";
import type { App } from "../state/app.svelte";
import type { Chord } from "../state/actions/chords";
import { placeOf } from "../state/actions/table";

export type GroupName = keyof typeof words.actions.palette.groups;

export interface Item {
  id: string;
  name: string;
  /** Distinguishes items of the same name. */
  note: string;
  chord: Chord | null;
  take: () => void;
}

export interface Group {
  name: GroupName;
  items: Item[];
}

/** Commands that the frame does not own. */
export interface PaletteTargets {
  planWith: (recipe: SavedRecipe) => void;
  searchLibrary: (text: string) => void;
  showSmartCollection: (smart: SmartCollection) => void;
}

/** Maximum per kind, with and without typed text. */
const MAX_FOUND = 8;
const MAX_OFFERED = 4;
/** Minimum fuzzy match score. */
const MIN_SCORE = 0.35;

export class Palette {
  text = $state("");
  /** Index in `items`. */
  active = $state(0);

  readonly #app: App;
  readonly #targets: PaletteTargets;
  #recipes = $state.raw<readonly SavedRecipe[]>([]);
  #runs = $state.raw<readonly RunSummary[]>([]);
  /** Labels that begin with the typed text, as terms of the library's search. */
  #labels = $state.raw<readonly Suggestion[]>([]);

  readonly groups = $derived.by<Group[]>(() => this.#groups());
  readonly items = $derived(this.groups.flatMap(({ items }) => items));

  constructor(app: App, targets: PaletteTargets) {
    this.#app = app;
    this.#targets = targets;
  }

  /** Resets, and reloads what may have changed since it was last open. */
  async open(): Promise<void> {
    this.type("");
    const { core } = this.#app;
    await this.#app.notices.attempt(async () => {
      [this.#recipes, this.#runs] = await Promise.all([core.recipes(), core.runs()]);
    });
  }

  type(text: string): void {
    this.text = text;
    this.active = 0;
    this.#labels = [];
    if (text.trim() !== "") void this.#findLabels(text);
  }

  /** The core knows the labels of the library. Without an answer the palette has the rest. */
  async #findLabels(text: string): Promise<void> {
    const term = `label:"${text.trim().replaceAll('"', "")}`;
    const completion = await this.#app.core.completeQuery(term, [...term].length).catch(() => null);
    if (this.text === text) this.#labels = completion?.suggestions.slice(0, MAX_OFFERED) ?? [];
  }

  /** The next or previous item, wrapping around. */
  move(step: 1 | -1): void {
    const count = this.items.length;
    if (count > 0) this.active = (this.active + step + count) % count;
  }

  #groups(): Group[] {
    const text = this.text.trim();
    const all = this.#offered();
    if (text === "") {
      return all.flatMap(({ name, items }) => {
        const shown = name === "here" ? items : items.slice(0, MAX_OFFERED);
        return shown.length === 0 ? [] : [{ name, items: shown }];
      });
    }
    const found = all.flatMap(({ name, items }) => {
      const matches = fuzzysort.go(text, items, { key: "name", limit: MAX_FOUND, threshold: MIN_SCORE });
      return matches.length === 0 ? [] : [{ name, items: matches.map(({ obj }) => obj), best: matches[0]?.score ?? 0 }];
    });
    const labels: Group = { name: "labels", items: this.#labels.map((label) => this.#labelItem(label)) };
    // The kind with the best match comes first.
    return [
      ...found.sort((one, other) => other.best - one.best),
      ...(labels.items.length > 0 ? [labels] : []),
      { name: "library", items: [this.#search(text)] },
    ];
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
      {
        name: "actions",
        items: [
          ...actions.filter(({ place }) => place === "everywhere"),
          ...SETTINGS_PAGES.map((page) =>
            item(`settings-${page}`, words.settings.pages.named(pageTitle(page)), "", () =>
              app.navigation.showSettings(page),
            ),
          ),
        ],
      },
      {
        name: "collections",
        items: [
          ...(app.overview.all?.collections ?? []).map(({ id, name, image_count }) =>
            item(`collection-${id}`, name, words.actions.palette.imagesOf(image_count), () =>
              app.scope.showCollection(id),
            ),
          ),
          ...(app.overview.all?.smart_collections ?? []).map((smart) =>
            item(`smart-${smart.id}`, smart.name, words.actions.palette.smartCollection, () =>
              this.#targets.showSmartCollection(smart),
            ),
          ),
        ],
      },
      {
        name: "recipes",
        items: this.#recipes.map((saved) =>
          item(`recipe-${saved.id}`, recipeName(saved.recipe.name), "", () => this.#targets.planWith(saved)),
        ),
      },
      {
        name: "runs",
        items: this.#runs.map(({ id, model_name, recipe_name, started_at }) =>
          item(
            `run-${id}`,
            `${words.run.title(id)}: ${modelName(model_name)}, ${recipeName(recipe_name)}`,
            moment(started_at),
            () => app.navigation.showRun(id),
          ),
        ),
      },
      {
        name: "images",
        items: app.recent.all.map(({ id, name }) =>
          item(`image-${id}`, name, "", () => app.navigation.openReview([id], 0)),
        ),
      },
    ];
  }

  #labelItem({ text, kind }: Suggestion): Item {
    const note = kind.kind === "counted" ? words.actions.palette.imagesOf(kind.count) : "";
    return item(`label-${text}`, text, note, () => this.#targets.searchLibrary(text));
  }

  #search(text: string): Item {
    return item("search", words.actions.palette.searchLibrary(text), "", () => this.#targets.searchLibrary(text));
  }
}

function item(id: string, name: string, note: string, take: () => void): Item {
  return { id, name, note, chord: null, take };
}
