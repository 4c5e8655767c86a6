import { readFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

import { chooseColors, type Chosen, DASHED, NOTHING_CHOSEN, type OnScreen, preferred, SOLID } from "./labelColors";

const onPhotos = (...photos: string[]): OnScreen => ({ photos, lists: [] });
const labels = (count: number, name = "label"): string[] =>
  Array.from({ length: count }, (_, place) => `${name} ${place}`);
const colorsOf = ({ colors }: Chosen, names: readonly string[]) => names.map((name) => colors.get(name));

describe("the colours of labels", () => {
  it("differ while there are colours, in whatever order and company labels come", () => {
    for (let first = 0; first < 40; first += 1) {
      const shown = labels(50).slice(first, first + 10);
      expect(new Set(colorsOf(chooseColors(onPhotos(...shown), NOTHING_CHOSEN), shown)).size).toBe(10);
    }
  });

  it("stay while other labels come and go", () => {
    let chosen = chooseColors(onPhotos("cup", "cat"), NOTHING_CHOSEN);
    const [cup, cat] = colorsOf(chosen, ["cup", "cat"]);
    for (const other of labels(60)) {
      const shown = ["cup", other, `${other} too`];
      chosen = chooseColors(onPhotos(...shown.toReversed()), chosen);
      expect(chosen.colors.get("cup")).toBe(cup);
      expect(new Set(colorsOf(chosen, shown)).size).toBe(3);
    }
    expect(colorsOf(chooseColors(onPhotos("cat", "cup"), chosen), ["cup", "cat"])).toEqual([cup, cat]);
  });

  it("begin with the same one in every library", () => {
    for (const label of labels(20))
      expect(chooseColors(onPhotos(label), NOTHING_CHOSEN).colors.get(label)).toBe(preferred(label)[0]);
  });

  it("are told apart in a list by a ring where there are more labels than colours", () => {
    const list = labels(14);
    const chosen = chooseColors({ photos: [], lists: list }, NOTHING_CHOSEN);
    const looks = list.map((label) => `${chosen.colors.get(label)} ${chosen.repeated.has(label)}`);
    expect(new Set(looks).size).toBe(14);
    expect(chooseColors({ photos: [], lists: labels(10) }, NOTHING_CHOSEN).repeated.size).toBe(0);
  });

  it("that two labels had to share part again once there is room", () => {
    const many = labels(14);
    const crowded = chooseColors(onPhotos(...many), NOTHING_CHOSEN);
    const sharing = many.map((label) =>
      many.filter((other) => crowded.colors.get(other) === crowded.colors.get(label)),
    );
    expect(Math.max(...sharing.map(({ length }) => length))).toBe(2);
    const [one = "", other = ""] = sharing.find(({ length }) => length > 1) ?? [];
    const few = chooseColors(onPhotos(one, other), crowded);
    expect(few.colors.get(one)).toBe(crowded.colors.get(one));
    expect(few.colors.get(other)).not.toBe(few.colors.get(one));
  });

  it("differ on photos however many labels a list has, and are solid while five will do", () => {
    const list = labels(80);
    const crowded = chooseColors({ photos: [], lists: list }, NOTHING_CHOSEN);
    const nine = chooseColors({ photos: list.slice(0, 9), lists: list }, crowded);
    expect(new Set(colorsOf(nine, list.slice(0, 9))).size).toBe(9);
    const five = labels(5, "other");
    expect(new Set(colorsOf(chooseColors(onPhotos(...five), NOTHING_CHOSEN), five))).toEqual(new Set(SOLID));
  });

  it("stay from a list on one screen to the photos of another and back", () => {
    const recipe = labels(10);
    const plan = chooseColors({ photos: [], lists: recipe }, NOTHING_CHOSEN);
    const review = chooseColors({ photos: recipe.slice(3, 8), lists: recipe.slice(5) }, plan);
    expect(colorsOf(review, recipe.slice(3))).toEqual(colorsOf(plan, recipe.slice(3)));
    const library = chooseColors({ photos: recipe.slice(0, 4), lists: recipe }, review);
    expect(colorsOf(library, recipe)).toEqual(colorsOf(plan, recipe));
  });

  it("of a list stay when a photo can do with another one", () => {
    const list = labels(3);
    const before = chooseColors({ photos: [], lists: list }, NOTHING_CHOSEN);
    const after = chooseColors({ photos: ["new"], lists: list }, before);
    expect(colorsOf(after, list)).toEqual(colorsOf(before, list));
    expect(colorsOf(before, list)).not.toContain(after.colors.get("new"));
    // A label that moves from the list to a photo keeps its color.
    const both = chooseColors({ photos: ["new", list[1] ?? ""], lists: list }, after);
    expect(colorsOf(both, list)).toEqual(colorsOf(before, list));
  });
});

type Lab = readonly [number, number, number];

/** OKLab of an sRGB color: Björn Ottosson, "A perceptual color space for image processing", 2020. */
function okLab(hex: string): Lab {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  const long = Math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue);
  const medium = Math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue);
  const short = Math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue);
  return [
    0.2104542553 * long + 0.793617785 * medium - 0.0040720468 * short,
    1.9779984951 * long - 2.428592205 * medium + 0.4505937099 * short,
    0.0259040371 * long + 0.7827717662 * medium - 0.808675766 * short,
  ];
}

function distance(one: string, other: string): number {
  const [from, to] = [okLab(one), okLab(other)];
  return Math.hypot(...from.map((value, place) => value - (to[place] ?? 0)));
}

describe("the palette", () => {
  const tokens = readFileSync(new URL("../tokens.css", import.meta.url), "utf8");
  const values = (name: string): string[] =>
    [...tokens.matchAll(new RegExp(`--${name}: (#[0-9a-f]{6})`, "g"))].map(([, value = ""]) => value);
  const palette = [...SOLID, ...DASHED].map((place) => ({ place, value: values(`label-${place}`)[0] ?? "" }));
  /** The distance of the palette's nearest two colors for color-blind people. */
  const APART = 0.095;

  it("has ten colours, of which none is close to the accent of a theme", () => {
    const accents = ["accent", "accent-hover"].flatMap((name) => {
      const ofThemes = values(name);
      expect(ofThemes).toHaveLength(2);
      return ofThemes;
    });
    for (const { place, value } of palette)
      for (const accent of accents)
        expect(distance(value, accent), `label ${place} and ${accent}`).toBeGreaterThan(APART);
    // The excluded colors are excluded only for this reason.
    for (const place of [1, 12])
      expect(Math.min(...accents.map((accent) => distance(values(`label-${place}`)[0] ?? "", accent)))).toBeLessThan(
        APART,
      );
  });

  it("has no two colours that are close to each other", () => {
    for (const one of palette)
      for (const other of palette)
        if (one.place < other.place) expect(distance(one.value, other.value)).toBeGreaterThan(APART);
  });

  it("is dashed where the tokens say so", () => {
    expect(Math.max(...SOLID)).toBeLessThanOrEqual(6);
    expect(Math.min(...DASHED)).toBeGreaterThan(6);
  });
});
