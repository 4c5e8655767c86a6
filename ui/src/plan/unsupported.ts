/** Which unsupported capabilities make a run pointless, as in the core. */
import type { UnsupportedCapability } from "../api/bindings";

export function isBlocking(unsupported: UnsupportedCapability): boolean {
  switch (unsupported.kind) {
    case "no_known_label":
    case "shapes":
    case "too_many_optional_attributes":
    case "example_photos":
      return true;
    case "attributes":
      return unsupported.are_required;
    case "unknown_labels":
    case "some_shapes":
    case "examples":
    case "check":
    case "batches":
      return false;
  }
}
