import { describe, expect, it } from "vitest";

import { deviceBox } from "./frame";
import { Viewport } from "./viewport.svelte";

describe("a box on the screen", () => {
  it("lies on device pixels, within half of one of where the annotation is", () => {
    const viewport = new Viewport();
    for (const ratio of [1, 1.25, 1.5, 2]) {
      viewport.resize({ width: 901, height: 607 }, ratio);
      viewport.show({ width: 4000, height: 3000 });
      viewport.zoomBy(3.7, { x: 300, y: 222 });
      const rect = { x1: 1203, y1: 977.5, x2: 1500, y2: 1333 };
      const box = deviceBox(viewport, rect);
      const from = viewport.viewFromImage({ x: rect.x1, y: rect.y1 });
      const to = viewport.viewFromImage({ x: rect.x2, y: rect.y2 });
      for (const value of Object.values(box)) expect(Number.isInteger(value)).toBe(true);
      expect(Math.abs(box.x - from.x * ratio)).toBeLessThanOrEqual(0.5);
      expect(Math.abs(box.y - from.y * ratio)).toBeLessThanOrEqual(0.5);
      expect(Math.abs(box.x + box.width - to.x * ratio)).toBeLessThanOrEqual(0.5);
      expect(Math.abs(box.y + box.height - to.y * ratio)).toBeLessThanOrEqual(0.5);
    }
  });

  it("never vanishes", () => {
    const viewport = new Viewport();
    viewport.resize({ width: 900, height: 600 }, 1);
    viewport.show({ width: 40_000, height: 30_000 });
    expect(deviceBox(viewport, { x1: 100, y1: 100, x2: 103, y2: 103 })).toMatchObject({ width: 1, height: 1 });
  });
});
