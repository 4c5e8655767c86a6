/** The six sample photos, with annotations such as a detector of everyday objects makes on them. */
import type { PixelSize, Rect } from "../bindings";

export interface Photo {
  file: string;
  /** Names of images that show it begin so. */
  stem: string;
  size: PixelSize;
  annotations: { label: string; rect: Rect; confidence: number }[];
}

const rect = (x1: number, y1: number, x2: number, y2: number): Rect => ({ x1, y1, x2, y2 });

export const PHOTOS: readonly Photo[] = [
  {
    file: "china.jpg",
    stem: "lake",
    size: { width: 640, height: 427 },
    annotations: [{ label: "boat", rect: rect(452, 262, 524, 290), confidence: 0.41 }],
  },
  {
    file: "coffee.jpg",
    stem: "cafe",
    size: { width: 600, height: 400 },
    annotations: [
      { label: "cup", rect: rect(173, 18, 450, 310), confidence: 0.94 },
      { label: "spoon", rect: rect(317, 67, 425, 327), confidence: 0.62 },
      { label: "dining table", rect: rect(4, 4, 596, 396), confidence: 0.53 },
    ],
  },
  {
    file: "rocket.jpg",
    stem: "pad",
    size: { width: 640, height: 427 },
    annotations: [
      { label: "traffic light", rect: rect(136, 362, 166, 391), confidence: 0.47 },
      { label: "traffic light", rect: rect(346, 380, 383, 412), confidence: 0.38 },
      { label: "airplane", rect: rect(310, 126, 335, 408), confidence: 0.36 },
    ],
  },
  {
    file: "astronaut.jpg",
    stem: "portrait",
    size: { width: 512, height: 512 },
    annotations: [
      { label: "person", rect: rect(18, 15, 366, 511), confidence: 0.96 },
      { label: "sports ball", rect: rect(277, 343, 511, 511), confidence: 0.39 },
    ],
  },
  {
    file: "flower.jpg",
    stem: "dahlia",
    size: { width: 640, height: 427 },
    annotations: [
      { label: "potted plant", rect: rect(169, 84, 446, 360), confidence: 0.71 },
      { label: "potted plant", rect: rect(287, 374, 470, 426), confidence: 0.44 },
    ],
  },
  {
    file: "chelsea.jpg",
    stem: "cat",
    size: { width: 451, height: 300 },
    annotations: [{ label: "cat", rect: rect(1, 1, 400, 299), confidence: 0.97 }],
  },
];

const urls = import.meta.glob<string>("../../../../samples/*.jpg", { query: "?url", import: "default", eager: true });

/** What is there in the place of pixels is the reason for it, in words. */
export function missingUrl(path: string): string {
  return URL.createObjectURL(new Blob([`${path}: No such file or directory (os error 2)`], { type: "text/plain" }));
}

export function photoUrl(photo: Photo): string {
  return urls[`../../../../samples/${photo.file}`] ?? "";
}

export function photoOf(image: number): Photo {
  return PHOTOS[(image - 1) % PHOTOS.length] as Photo;
}

/** A number from 0 to 1 that only depends on what it is asked for. */
export function chance(image: number, salt: number): number {
  let hash = (Math.imul(image, 0x9e3779b1) + Math.imul(salt, 0x85ebca77)) | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
