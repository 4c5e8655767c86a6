/** Which attributes an annotation has, or could have: what its recipe asks for, and what it says beyond that. */
import type { Annotation, Attribute, AttributeValue } from "../ipc/bindings";

export interface Said {
  attribute: Attribute;
  value: AttributeValue | null;
}

export function saidOf({ attributes }: Annotation, asked: readonly Attribute[]): Said[] {
  const names = new Set(asked.map(({ name }) => name));
  const further = Object.entries(attributes).filter(([name]) => !names.has(name));
  return [
    ...asked.map((attribute) => ({ attribute, value: attributes[attribute.name] ?? null })),
    ...further.map(([name, value]) => ({ attribute: { name, kind: kindOf(value), is_required: false }, value })),
  ];
}

export function withValue(
  attributes: Annotation["attributes"],
  name: string,
  value: AttributeValue | null,
): Annotation["attributes"] {
  const { [name]: _before, ...others } = attributes;
  return value === null ? others : { ...others, [name]: value };
}

/** Without a recipe a value says itself of what kind it is. */
function kindOf(value: AttributeValue): Attribute["kind"] {
  if (typeof value === "boolean") return { kind: "yes_no" };
  if (typeof value === "number") return { kind: "number", min: -Number.MAX_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER };
  return { kind: "text" };
}
