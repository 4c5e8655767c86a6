import { describe, expect, it } from "vitest";
import { DEEPEST_ZOOM, FIT_MARGIN, Viewport } from "./viewport.svelte";

/** A small generator with a seed, so that a failure can be repeated. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function viewport(width = 1000, height = 600, pixelRatio = 1): Viewport {
  const port = new Viewport();
  port.resize({ width, height }, pixelRatio);
  port.show({ width: 2000, height: 1500 });
  return port;
}

describe("viewport", () => {
  it("fits the image with a margin and in the middle", () => {
    const port = viewport();
    const from = port.viewFromImage({ x: 0, y: 0 });
    const to = port.viewFromImage({ x: 2000, y: 1500 });
    expect(from.y).toBeCloseTo(FIT_MARGIN);
    expect(to.y).toBeCloseTo(600 - FIT_MARGIN);
    expect(from.x + to.x).toBeCloseTo(1000);
    expect(port.isFitted).toBe(true);
  });

  it("goes from the image to the view and back, wherever one has zoomed and panned", () => {
    const next = random(7);
    for (let round = 0; round < 200; round += 1) {
      const port = viewport(200 + next() * 1500, 200 + next() * 900, 1 + Math.floor(next() * 3) / 2);
      port.zoomBy(0.2 + next() * 10, { x: next() * 500, y: next() * 500 });
      port.panBy(next() * 400 - 200, next() * 400 - 200);
      const point = { x: next() * 2000, y: next() * 1500 };
      const back = port.imageFromView(port.viewFromImage(point));
      expect(back.x).toBeCloseTo(point.x, 6);
      expect(back.y).toBeCloseTo(point.y, 6);
    }
  });

  it("keeps the point under the cursor while zooming", () => {
    const next = random(11);
    for (let round = 0; round < 200; round += 1) {
      const port = viewport();
      // Points on the image: beyond its edge the clamp that keeps it in sight comes first.
      const image = { x: 300 + next() * 1400, y: 200 + next() * 1100 };
      const cursor = port.viewFromImage(image);
      port.zoomBy(1 + next() * 6, cursor);
      expect(port.imageFromView(cursor).x).toBeCloseTo(image.x, 6);
      expect(port.imageFromView(cursor).y).toBeCloseTo(image.y, 6);
      port.zoomBy(0.5 + next() * 0.5, cursor);
      expect(port.imageFromView(cursor).x).toBeCloseTo(image.x, 6);
    }
  });

  it("counts 100 % in device pixels", () => {
    const port = viewport(1000, 600, 2);
    port.zoomToPercent(100);
    expect(port.scale).toBeCloseTo(0.5);
    expect(port.percent).toBeCloseTo(100);
  });

  it("zooms neither without end nor to nothing", () => {
    const port = viewport();
    port.zoomBy(1e9);
    expect(port.scale).toBeCloseTo(DEEPEST_ZOOM);
    port.zoomBy(1e-12);
    expect(port.scale).toBeCloseTo(port.fitScale / 2);
  });

  it("never loses the image out of sight", () => {
    const port = viewport();
    port.panBy(1e6, -1e6);
    const corner = port.viewFromImage({ x: 0, y: 1500 });
    expect(corner.x).toBeLessThanOrEqual(500);
    expect(corner.y).toBeGreaterThanOrEqual(300);
  });

  it("stays fitted when the window is resized, and keeps the middle otherwise", () => {
    const port = viewport();
    port.resize({ width: 500, height: 500 }, 1);
    expect(port.scale).toBeCloseTo(port.fitScale);
    port.zoomBy(5);
    const middle = port.imageFromView({ x: 250, y: 250 });
    const percent = port.percent;
    port.resize({ width: 900, height: 700 }, 2);
    expect(port.imageFromView({ x: 450, y: 350 }).x).toBeCloseTo(middle.x);
    expect(port.percent).toBeCloseTo(percent);
  });

  it("does not blow up a picture of a few pixels", () => {
    const port = viewport();
    port.show({ width: 10, height: 10 });
    expect(port.percent).toBeCloseTo(400);
  });

  it("brings a box into view and leaves alone what is already there", () => {
    const port = viewport();
    const offset = port.offset;
    port.reveal({ x1: 500, y1: 500, x2: 900, y2: 900 });
    expect(port.offset).toEqual(offset);
    expect(port.isFitted).toBe(true);

    port.zoomToPercent(400, { x: 0, y: 0 });
    port.reveal({ x1: 1900, y1: 1400, x2: 1960, y2: 1450 });
    const to = port.viewFromImage({ x: 1960, y: 1450 });
    expect(to.x).toBeLessThanOrEqual(1000);
    expect(to.y).toBeLessThanOrEqual(600);
  });

  it("brings a point into sight, and no closer", () => {
    const port = viewport();
    port.zoomToPercent(400, { x: 0, y: 0 });
    const { scale } = port;
    port.revealPoint({ x: 1900, y: 1400 });
    const seen = port.viewFromImage({ x: 1900, y: 1400 });
    expect(seen.x).toBeCloseTo(1000 - FIT_MARGIN);
    expect(seen.y).toBeCloseTo(600 - FIT_MARGIN);
    expect(port.scale).toBe(scale);
  });

  describe("before the canvas has a size", () => {
    const small = { x1: 1000, y1: 700, x2: 1200, y2: 900 };
    const asked: Record<string, (port: Viewport) => void> = {
      reveal: (port) => port.reveal(small),
      revealPoint: (port) => port.revealPoint({ x: 1000, y: 700 }),
      zoomTo: (port) => port.zoomTo(small),
      zoomToPercent: (port) => port.zoomToPercent(200),
      fit: (port) => port.fit(),
    };

    it.each(Object.keys(asked))("%s is done once it has one, as if it had been asked for then", (name) => {
      const [early, late] = [new Viewport(), new Viewport()];
      early.show({ width: 2000, height: 1500 });
      asked[name]?.(early);
      early.resize({ width: 0, height: 0 }, 1);
      early.resize({ width: 1000, height: 600 }, 1);
      late.resize({ width: 1000, height: 600 }, 1);
      late.show({ width: 2000, height: 1500 });
      asked[name]?.(late);
      expect([early.scale, early.offset, early.isFitted]).toEqual([late.scale, late.offset, late.isFitted]);
    });

    it("what was asked for another image is not done", () => {
      const port = new Viewport();
      port.show({ width: 2000, height: 1500 });
      port.zoomTo(small);
      port.show({ width: 1000, height: 1000 });
      port.resize({ width: 1000, height: 600 }, 1);
      expect([port.isFitted, port.scale]).toEqual([true, port.fitScale]);
    });

    it("an image that is shown already stays as it was zoomed, and another one is fitted", () => {
      const port = viewport();
      const size = { width: 2000, height: 1500 };
      port.show(size, 7);
      port.zoomToPercent(150);
      const before = [port.scale, port.offset];
      port.show(size, 7);
      expect([port.scale, port.offset]).toEqual(before);
      port.show(size, 8);
      expect(port.isFitted).toBe(true);
    });

    it("a canvas that loses its size keeps the view", () => {
      const port = viewport();
      port.zoomToPercent(150);
      const before = [port.scale, port.offset];
      port.resize({ width: 0, height: 0 }, 1);
      port.resize({ width: 1000, height: 600 }, 1);
      expect([port.scale, port.offset]).toEqual(before);
    });
  });

  it("comes closer to a annotation that is too small to judge", () => {
    const port = viewport();
    port.reveal({ x1: 1000, y1: 1000, x2: 1010, y2: 1010 });
    expect(10 * port.scale).toBeGreaterThan(20);
    const seen = port.viewFromImage({ x: 1005, y: 1005 });
    expect(seen.x).toBeCloseTo(500);
    expect(seen.y).toBeCloseTo(300);
  });
});
