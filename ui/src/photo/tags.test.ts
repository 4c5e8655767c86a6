import { describe, expect, it } from "vitest";

import { type Area, placeTags, type TagWish } from "./tags";

const ROOM: Area = { x: 0, y: 0, width: 400, height: 300 };

function wish(x: number, y: number, width: number, height: number, isNeeded = false): TagWish {
  return { box: { x, y, width, height }, width: 60, height: 18, isNeeded };
}

function covers(one: Area, other: Area): boolean {
  return (
    one.x < other.x + other.width &&
    other.x < one.x + one.width &&
    one.y < other.y + other.height &&
    other.y < one.y + one.height
  );
}

describe("tags", () => {
  it("stand above their box", () => {
    expect(placeTags([wish(100, 100, 50, 50)], ROOM, 3)).toEqual([{ x: 97, y: 79, width: 60, height: 18 }]);
  });

  it("stand below a small box at the upper edge", () => {
    const [place] = placeTags([wish(100, 5, 50, 40)], ROOM, 3);
    expect(place?.y).toBe(48);
  });

  it("stand in the corner of a large box that fills the view", () => {
    const [place] = placeTags([wish(0, 0, 400, 300)], ROOM, 3);
    expect(place).toMatchObject({ x: 3, y: 3 });
  });

  it("stay in sight at the right edge", () => {
    const [place] = placeTags([wish(380, 100, 20, 50)], ROOM, 3);
    expect((place?.x ?? 0) + 60).toBeLessThanOrEqual(400);
  });

  it("cover neither their own small box nor each other", () => {
    const wishes = Array.from({ length: 30 }, (_, index) =>
      wish((index % 6) * 60 + 5, Math.floor(index / 6) * 55 + 5, 40, 30),
    );
    const places = placeTags(wishes, ROOM, 3);
    places.forEach((place, index) => {
      if (!place) return;
      expect(covers(place, (wishes[index] as TagWish).box)).toBe(false);
      for (const other of places.slice(index + 1)) if (other) expect(covers(place, other)).toBe(false);
    });
  });

  it("hide no small annotation where there is another place, and a little of a large one all the same", () => {
    const [lower, upper] = placeTags([wish(100, 100, 30, 20), wish(100, 76, 20, 16)], ROOM, 3);
    expect(lower?.y).toBe(123);
    expect(upper?.y).toBe(55);
    const [beside] = placeTags([wish(100, 100, 30, 20), wish(80, 40, 200, 120)], ROOM, 3);
    expect(beside?.y).toBe(79);
  });

  it("are left out where there is no room, but not the one that is needed", () => {
    const crowd = Array.from({ length: 40 }, () => wish(100, 100, 20, 20));
    expect(placeTags(crowd, ROOM, 3)).toContain(null);
    expect(placeTags([...crowd, wish(100, 100, 20, 20, true)], ROOM, 3).at(-1)).not.toBeNull();
  });
});
