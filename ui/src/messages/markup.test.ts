import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { parse } from "svelte/compiler";
import { expect, it } from "vitest";

const SOURCES = fileURLToPath(new URL("..", import.meta.url));
/** Attributes with visible or spoken text. */
const SPOKEN = new Set([
  "alt",
  "aria-description",
  "aria-label",
  "aria-roledescription",
  "label",
  "placeholder",
  "title",
]);
const WORD = /\p{L}/u;
/** The start of a URL is the same in every language. */
const ADDRESS = "https://";

interface Node {
  type: string;
  name?: string;
  data?: string;
  value?: unknown;
}

/** Literal texts in a component's markup. */
function literals(component: string): string[] {
  const found: string[] = [];
  const visit = (node: unknown, isSpoken: boolean): void => {
    if (Array.isArray(node)) for (const each of node) visit(each, isSpoken);
    if (typeof node !== "object" || node === null || !("type" in node)) return;
    const { type, name = "", data = "", value } = node as Node;
    if (type === "Text" && isSpoken && WORD.test(data) && data !== ADDRESS) found.push(data.trim());
    // Strings in expressions are keys; texts come from the catalogue.
    else if (["Literal", "TemplateElement", "StyleDirective"].includes(type)) return;
    else if (type === "Attribute") visit(value, SPOKEN.has(name));
    else for (const inner of Object.values(node)) visit(inner, true);
  };
  visit(parse(component, { modern: true }).fragment, true);
  return found;
}

it("finds text between tags and in attributes, and leaves classes and expressions alone", () => {
  const component = `<p class="muted" title="Hello {name}">{words.frame.close} and more</p>{#if a}<b>deep</b>{/if}`;
  expect(literals(component)).toEqual(["Hello", "and more", "deep"]);
  expect(
    literals(`<p class="muted {tone}">{words.frame.close}, {count("a")} %</p><style>b { top: 0 }</style>`),
  ).toEqual([]);
});

it("no component holds words of its own", () => {
  const components = readdirSync(SOURCES, { recursive: true, encoding: "utf8" }).filter((path) =>
    path.endsWith(".svelte"),
  );
  const held = components.flatMap((path) =>
    literals(readFileSync(join(SOURCES, path), "utf8")).map((text) => `${path}: ${text}`),
  );
  expect(held).toEqual([]);
});
