/** What is dropped or chosen: a dataset, or photos. */
import type { NamedFile } from "../api/upload";

const ANNOTATIONS = /\.(json|jsonl|xml|csv|parquet|zip)$/i;
const LABELS = /(^|\/)labels\/.*\.txt$|(^|\/)(data|dataset)\.ya?ml$/i;
const PHOTOS = /\.(jpe?g|jpe|jfif|png|webp|gif|bmp|tiff?)$/i;

/** Whether these files are annotations and no photos. */
export function isDataset(files: readonly Pick<NamedFile, "name">[]): boolean {
  const hasAnnotations = files.some(({ name }) => ANNOTATIONS.test(name) || LABELS.test(name));
  return hasAnnotations && !files.some(({ name }) => PHOTOS.test(name));
}
