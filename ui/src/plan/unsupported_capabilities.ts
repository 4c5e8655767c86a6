/** What a recipe asks and a model does not do: which of it makes a run pointless, as the core sees it. */
import type { UnsupportedCapability } from "../ipc/bindings";

export function isBlocking(unsupported: UnsupportedCapability): boolean {
  switch (unsupported.kind) {
    case "no_known_label":
    case "shapes":
    case "too_many_optional_attributes":
      return true;
    case "attributes":
      return unsupported.are_required;
    case "unknown_labels":
      return false;
  }
}
