import { describe, expect, it } from "vitest";

import { tagText } from "./labelText";

/** Ten pixels per character. */
const measure = (text: string): number => [...text].length * 10;

describe("the text of a tag", () => {
  it("is the label with its confidence where there is room", () => {
    expect(tagText({ label: "cup", confidence: 0.87 }, 200, measure)).toBe("cup .87");
    expect(tagText({ label: "cup", confidence: null }, 200, measure)).toBe("cup");
  });

  it("is never wider than the most, loses the end of the label and keeps the confidence", () => {
    const label = "a very long label ".repeat(12).trim();
    for (const confidence of [null, 0.5]) {
      const text = tagText({ label, confidence }, 200, measure);
      expect(measure(text)).toBeLessThanOrEqual(200);
      expect(measure(text)).toBeGreaterThan(160);
      expect(text).toMatch(confidence === null ? /^a very long label.*…$/ : /^a very long.*… \.50$/);
    }
  });

  it("cuts no character in half", () => {
    expect(tagText({ label: "🦉".repeat(40), confidence: null }, 100, measure)).toBe(`${"🦉".repeat(9)}…`);
  });
});
