/** What layers show, as the core says it. */
import type { Annotation, ImageCard, LayerScope } from "../bindings";

export function isShown(layers: LayerScope, { origin, status, is_superseded }: Annotation): boolean {
  if (origin.kind === "person" || status === "accepted" || status === "edited") return true;
  if (layers.kind === "all") return !is_superseded || status !== "proposed";
  return layers.runs.includes(origin.run);
}

/** An image as a view of these layers shows it: while a proposal in them is undecided, it is unreviewed. */
export function cardIn(layers: LayerScope, card: ImageCard): ImageCard {
  const annotations = card.annotations.filter((annotation) => isShown(layers, annotation));
  const review = annotations.some(({ status }) => status === "proposed") ? "unreviewed" : card.review;
  return { ...card, annotations, review };
}
