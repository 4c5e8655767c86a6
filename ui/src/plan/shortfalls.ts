/** What a recipe asks and a model does not do: which of it makes a run pointless, as the core sees it. */
import type { Shortfall } from "../ipc/bindings";

export function isBlocking(shortfall: Shortfall): boolean {
  switch (shortfall.kind) {
    case "no_known_label":
    case "shapes":
    case "too_many_optional_attributes":
      return true;
    case "attributes":
      return shortfall.are_required;
    case "unknown_labels":
      return false;
  }
}
