/** Which images can be exported from where the user is. */
import type { CollectionId, ExportScope, ImageId, ImageQuery, RunId } from "../api/bindings";

export type ScopeKind = "run" | "collection" | "filter" | "selection";

/** What the user looks at when the export is opened. */
export interface ExportSource {
  /** The only run whose layer is shown, if any. */
  run: RunId | null;
  collection: CollectionId | null;
  collectionName: string | null;
  /** Of the library; without conditions it is no filter. */
  query: ImageQuery;
  selected: readonly ImageId[];
}

/** The images of each kind; null if there are none. */
export function scopesOf(source: ExportSource, run: RunId | null): Record<ScopeKind, ExportScope | null> {
  const { collection, query, selected } = source;
  return {
    run: run === null ? null : { kind: "run", run },
    collection: collection === null ? { kind: "library" } : { kind: "collection", id: collection },
    filter: query.conditions.length === 0 ? null : { kind: "query", query },
    selection: selected.length === 0 ? null : { kind: "images", ids: [...selected] },
  };
}

/** Several selected images, then a filter, then a run, then the collection. */
export function firstScope(source: ExportSource, run: RunId | null): ScopeKind {
  if (source.run !== null) return "run";
  if (source.selected.length > 1) return "selection";
  if (source.query.conditions.length > 0) return "filter";
  return run === null ? "collection" : "run";
}
