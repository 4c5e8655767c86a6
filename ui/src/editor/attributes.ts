/** The attributes of an annotation: those of its recipe, then any others it has. */
import type { Annotation, Attribute, AttributeValue } from "../api/bindings";

export interface AttributeEntry {
  attribute: Attribute;
  value: AttributeValue | null;
}

export function attributeEntries({ attributes }: Annotation, asked: readonly Attribute[]): AttributeEntry[] {
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

/** Without a recipe, the value determines the kind. */
function kindOf(value: AttributeValue): Attribute["kind"] {
  if (typeof value === "boolean") return { kind: "yes_no" };
  if (typeof value === "number") return { kind: "number", min: -Number.MAX_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER };
  if (Array.isArray(value)) return { kind: "several_of", options: value };
  return { kind: "text" };
}
