/** The info panel of an image. */
import type { Camera, Position } from "../../api/bindings";
import { count, decimal } from "../format";

/** "1/1600 s", or "2.5 s" from about a third of a second. */
const seconds = (value: number) => (value < 0.3 ? `1/${String(Math.round(1 / value))} s` : `${decimal(value)} s`);
const degrees = (value: number) => `${decimal(Math.abs(value), 5)}°`;

export const info = {
  title: "Info",
  close: "Close info",
  loading: "Reading the file…",
  failed: "The info could not be read.",
  camera: "Camera",
  lens: "Lens",
  exposure: "Exposure",
  size: "Size",
  taken: "Taken",
  hash: "Hash",
  copyHash: "Copy hash",
  hashCopied: "Hash copied",
  place: "Place",
  showPlace: "Show coordinates",
  placeNote: "Read from the file. Nothing is sent.",
  noPlace: "The file states no place.",
  files: (number: number) => (number === 1 ? "File" : `Files ${count(number)}`),
  noFiles: "No file is known.",
  missing: "Missing or changed",
  copyPath: (path: string) => `Copy path: ${path}`,
  runs: (number: number) => (number === 0 ? "Runs" : `Runs ${count(number)}`),
  noRuns: "No run has sent this image.",
  run: (run: number, model: string) => `Run ${count(run)}, ${model}`,
  hasFailed: "failed",
  /** "1/1600 s, f/7.1, ISO 800, 500 mm" */
  exposureOf: ({ exposure_seconds, f_number, iso, focal_length_mm }: Camera): string =>
    [
      exposure_seconds === null ? null : seconds(exposure_seconds),
      f_number === null ? null : `f/${decimal(f_number)}`,
      iso === null ? null : `ISO ${String(iso)}`,
      focal_length_mm === null ? null : `${decimal(focal_length_mm)} mm`,
    ]
      .filter((part) => part !== null)
      .join(", "),
  coordinates: ({ latitude, longitude }: Position): string | null =>
    latitude === null || longitude === null
      ? null
      : `${degrees(latitude)} ${latitude < 0 ? "S" : "N"}, ${degrees(longitude)} ${longitude < 0 ? "W" : "E"}`,
};
