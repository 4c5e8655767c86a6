import { expect, it } from "vitest";

import { isDataset } from "./dataset";

const dropped = (...names: string[]) => isDataset(names.map((name) => ({ name })));

it("takes annotations without photos for a dataset", () => {
  expect(dropped("instances.json")).toBe(true);
  expect(dropped("export.ZIP")).toBe(true);
  expect(dropped("voc/Annotations/a.xml", "voc/Annotations/b.xml")).toBe(true);
  expect(dropped("yolo/data.yaml", "yolo/labels/train/a.txt", "yolo/notes.txt")).toBe(true);
});

it("leaves photos to the import of photos, with what lies beside them", () => {
  expect(dropped("a.jpg")).toBe(false);
  expect(dropped("holiday/a.JPG", "holiday/places.json")).toBe(false);
  expect(dropped("notes.txt")).toBe(false);
  expect(dropped()).toBe(false);
});
