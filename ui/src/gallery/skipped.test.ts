import { expect, it } from "vitest";

import type { SkippedFile } from "../api/bindings";
import { byKind } from "./skipped";

it("makes one line of many files of a kind", () => {
  const files: SkippedFile[] = Array.from({ length: 1500 }, (_, index) => ({
    path: `/photos/IMG_${index}.heic`,
    reason: { kind: "not_supported", format: "HEIC", detail: null },
  }));
  files.splice(
    700,
    0,
    { path: "/photos/a.jpg", reason: { kind: "damaged", detail: "unexpected end" } },
    { path: "/photos/b.jpg", reason: { kind: "damaged", detail: "no pixels" } },
    { path: "/photos/c.tif", reason: { kind: "not_supported", format: "TIFF", detail: "LERC compression" } },
  );
  expect(byKind(files).map(({ title, files }) => [title, files.length])).toEqual([
    ["1,500 HEIC files: not supported", 1500],
    ["2 files: damaged", 2],
    ["1 TIFF file: not supported (LERC compression)", 1],
  ]);
});
