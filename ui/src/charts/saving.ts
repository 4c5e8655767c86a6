/** Charts as files: in the colors of the light theme, because they stand on white. */
import { SVG_SIZE, svgOf, type SvgChart } from "./svg";

export type ChartFormat = "svg" | "png";

/** For screens and print: twice the size in pixels. */
const PNG_SCALE = 2;

/** Reads the colors of the light theme, whatever the window shows. */
function lightColors(): SvgChart["color"] {
  const sample = document.createElement("div");
  sample.dataset.theme = "light";
  sample.hidden = true;
  document.body.append(sample);
  const style = getComputedStyle(sample);
  const known = new Map<string, string>();
  const tokens = [
    ...["accent", "text", "text-muted", "text-faint", "line", "line-control", "line-strong"],
    ...["bad", "caution", "surface-selected"],
  ];
  for (const token of tokens) known.set(token, style.getPropertyValue(`--${token}`).trim());
  sample.remove();
  return (token) => known.get(token) ?? "#000000";
}

export async function chartFile(chart: Omit<SvgChart, "color">, format: ChartFormat): Promise<Blob> {
  const svg = svgOf({ ...chart, color: lightColors() });
  return format === "svg" ? new Blob([svg], { type: "image/svg+xml" }) : pngOf(svg);
}

/** Draws the elements that `svgOf` writes: the policy of the window allows no image that is not a file of the server. */
function pngOf(svg: string): Promise<Blob> {
  const canvas = document.createElement("canvas");
  canvas.width = SVG_SIZE.width * PNG_SCALE;
  canvas.height = SVG_SIZE.height * PNG_SCALE;
  const context = canvas.getContext("2d");
  if (!context) throw new Error("there is no canvas to draw on");
  context.scale(PNG_SCALE, PNG_SCALE);
  const root = new DOMParser().parseFromString(svg, "image/svg+xml").documentElement;
  for (const element of root.children) draw(context, element, root);
  return new Promise((drawn, failed) =>
    canvas.toBlob((blob) => (blob ? drawn(blob) : failed(new Error("the chart cannot be drawn"))), "image/png"),
  );
}

/** An attribute of an element or of the group around it. */
function inherited(element: Element, name: string): string | null {
  return element.getAttribute(name) ?? element.parentElement?.getAttribute(name) ?? null;
}

function shapeOf(element: Element): Path2D | null {
  const at = (name: string) => Number(element.getAttribute(name) ?? 0);
  const path = new Path2D();
  switch (element.tagName) {
    case "rect":
      path.rect(at("x"), at("y"), at("width"), at("height"));
      return path;
    case "line":
      path.moveTo(at("x1"), at("y1"));
      path.lineTo(at("x2"), at("y2"));
      return path;
    case "circle":
      path.arc(at("cx"), at("cy"), at("r"), 0, 2 * Math.PI);
      return path;
    case "polygon":
      return new Path2D(`M${element.getAttribute("points") ?? ""}Z`);
    case "path":
      return new Path2D(element.getAttribute("d") ?? "");
    default:
      return null;
  }
}

function draw(context: CanvasRenderingContext2D, element: Element, root: Element): void {
  if (element.tagName === "g") for (const child of element.children) draw(context, child, root);
  if (element.tagName === "text") {
    const weight = element.getAttribute("font-weight") ?? "400";
    const size = element.getAttribute("font-size") ?? root.getAttribute("font-size") ?? "12";
    context.font = `${weight} ${size}px ${root.getAttribute("font-family") ?? "sans-serif"}`;
    context.fillStyle = element.getAttribute("fill") ?? "#000000";
    const anchor = element.getAttribute("text-anchor");
    context.textAlign = anchor === "end" ? "right" : anchor === "middle" ? "center" : "left";
    context.fillText(element.textContent, Number(element.getAttribute("x")), Number(element.getAttribute("y")));
    return;
  }
  const shape = shapeOf(element);
  if (!shape) return;
  const fill = inherited(element, "fill");
  const stroke = inherited(element, "stroke");
  if (fill !== null && fill !== "none") {
    context.fillStyle = fillOf(context, fill, root);
    context.fill(shape);
  }
  if (stroke !== null) {
    context.strokeStyle = stroke;
    context.lineWidth = Number(element.getAttribute("stroke-width") ?? 1);
    context.setLineDash((element.getAttribute("stroke-dasharray") ?? "").split(" ").filter(Boolean).map(Number));
    context.stroke(shape);
  }
}

/** A color, or one of the patterns in the file. */
function fillOf(context: CanvasRenderingContext2D, fill: string, root: Element): string | CanvasPattern {
  const id = /^url\(#(.+)\)$/u.exec(fill)?.[1];
  if (id === undefined) return fill;
  const pattern = [...root.querySelectorAll("pattern")].find((each) => each.id === id);
  const size = Number(pattern?.getAttribute("width") ?? 1);
  const tile = document.createElement("canvas");
  tile.width = tile.height = size * PNG_SCALE;
  const drawing = tile.getContext("2d");
  if (!pattern || !drawing) return "#000000";
  drawing.scale(PNG_SCALE, PNG_SCALE);
  for (const element of pattern.children) draw(drawing, element, root);
  const made = context.createPattern(tile, "repeat");
  const turn = /rotate\((\d+)\)/u.exec(pattern.getAttribute("patternTransform") ?? "")?.[1];
  made?.setTransform(new DOMMatrix().rotate(Number(turn ?? 0)).scale(1 / PNG_SCALE));
  return made ?? "#000000";
}

/** A title as the name of a file. */
export function chartFileName(title: string, format: ChartFormat): string {
  const name = title
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .replace(/[^\p{L}\p{N}]+/gu, "-")
    .replace(/^-+|-+$/g, "")
    .toLowerCase();
  return `${name || "chart"}.${format}`;
}
