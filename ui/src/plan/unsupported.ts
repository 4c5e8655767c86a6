/** Which unsupported capabilities make a run pointless, as in the core. */
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
