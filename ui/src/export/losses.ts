/** What a format cannot keep of a library. */
import type { Feature, FormatDescriptor } from "../api/bindings";

/** Without the forms that a format may have instead of others, tables, and what the library does not have. */
const IN_A_LIBRARY: readonly Feature[] = [
  "boxes",
  "polygons",
  "points",
  "image_tags",
  "captions",
  "unscored_annotations",
  "empty_images",
  "failed_images",
  "attributes",
  "attribute_types",
  "confidences",
  "decisions",
  "origins",
  "annotation_ids",
  "stored_sizes",
  "hashes",
  "review_states",
  "image_origins",
  "missing_files",
  "other_files",
  "failure_costs",
];

/** Whether a format holds everything that an export of a library can have. */
export function keepsEverything({ holds }: FormatDescriptor): boolean {
  return IN_A_LIBRARY.every((feature) => holds.includes(feature));
}
