/** Context menus of images, annotations and the photo. */
import { count } from "../format";

const images = (number: number) => `${count(number)} ${number === 1 ? "image" : "images"}`;
/** Adds a number if there are several. */
const several = (text: string, number: number) => (number === 1 ? text : `${text} ${count(number)}`);

export const menus = {
  image: "Image",
  images,
  photo: "Photo",
  annotation: "Annotation",
  review: (number: number) => several("Review", number),
  annotate: (number: number) => (number === 1 ? "Annotate…" : `Annotate ${images(number)}…`),
  showFile: "Show in folder",
  copyPath: "Copy path",
  pathCopied: "Path copied",
  noPath: "No file of this image is left.",
  info: "Info",
  remove: (number: number) => several("Remove from library", number),
  removed: (number: number) => `${images(number)} removed from the library. Files are not touched.`,
  restored: (number: number) => `${images(number)} restored`,
  rename: "Change label…",
  accept: (number: number) => several("Accept", number),
  reject: (number: number) => several("Reject", number),
  delete: (number: number) => several("Delete", number),
  duplicate: (number: number) => several("Duplicate", number),
  fit: "Fit",
  full: "Zoom to 100 %",
  hide: "Hide annotations",
  show: "Show annotations",
  tools: "Tools",
};
