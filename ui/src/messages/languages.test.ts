import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { words } from ".";
import { en } from "./en";
import { es } from "./es";
import * as format from "./format";
import { language } from "./language.svelte";
import { place } from "./place.svelte";

const DOLLAR = 1;

/** All string messages of a catalogue, by path. */
function texts(part: unknown, path = ""): [string, string][] {
  if (typeof part === "string") return [[path, part]];
  if (typeof part !== "object" || part === null) return [];
  return Object.entries(part).flatMap(([name, inner]) => texts(inner, `${path}.${name}`));
}

describe("in Spanish", () => {
  beforeEach(() => language.choose("es"));
  afterEach(() => language.choose("system"));

  it("the same words are read from another catalogue", () => {
    expect(words.screens.library.name).toBe("Biblioteca");
    expect(words.library.annotate(1)).toBe("Anotar 1 imagen…");
    expect(words.library.annotate(12_486)).toBe("Anotar 12.486 imágenes…");
  });

  it("figures are written as in Spain", () => {
    const plain = (text: string) => text.replaceAll("\u00a0", " ");
    expect(plain(format.money(0.409 * DOLLAR))).toBe("0,41 $");
    expect(plain(format.money(0))).toBe("0 $");
    expect(plain(format.money(4e-9))).toBe("menos de 0,000001 $");
    const estimate = { likely_low: 0.02871, expected: 0.05216, likely_high: 0.0811, at_most: 0.29602 };
    expect(plain(format.costAndEstimate(0.104, estimate).likely)).toBe("0,029–0,081 $");
    expect(format.duration(1400)).toBe("1,4 s");
    expect(format.confidence(0.914)).toBe("0,91");
    expect(format.confidence(0.999)).toBe("1,0");
    expect(format.date("2026-11-03")).toBe("3 nov 2026");
    expect(format.names(["a", "b", "c", "d"], 2)).toBe("a, b y 2 más");
  });
});

it("leaves nothing in English, names of things aside", () => {
  const spanish = new Map(texts(es));
  const same = texts(en).filter(([path, text]) => spanish.get(path) === text && /\p{L}{4}/u.test(text));
  // Proper names, and words that are the same in both languages.
  const NAMES =
    /presets|keyNames|recipe\.color|\.product|variables|keyPlaceholder|languages|Tokens|Plan|Claude|Zoom|Total|\.endpoints$|^\.settings\.key/;
  expect(same.filter(([path, text]) => !NAMES.test(path) && !NAMES.test(text))).toEqual([]);
});

it("has as many lines as in English where lines are listed", () => {
  expect(texts(es).map(([path]) => path)).toEqual(texts(en).map(([path]) => path));
});

describe("in a browser", () => {
  beforeEach(() => (place.isServer = true));
  afterEach(() => (place.isServer = false));

  it("the machine of the photos and models is the server", () => {
    expect(words.plan.nothingLeaves).toBe("Nothing leaves the server");
    // The dialog of folders means the browser's, from which photos are uploaded, and `frame.offline` is not shown.
    const said = (catalogue: unknown) =>
      texts(catalogue).filter(
        ([path, text]) =>
          /this (machine|computer)|este equipo/.test(text) && !/browser\.folders|frame\.offline/.test(path),
      );
    expect(said(en)).toEqual([]);
    expect(said(es)).toEqual([]);
  });
});
