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

async function pngOf(svg: string): Promise<Blob> {
  const image = new Image();
  // WebKit taints a canvas that shows an SVG of a blob.
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = SVG_SIZE.width * PNG_SCALE;
  canvas.height = SVG_SIZE.height * PNG_SCALE;
  const context = canvas.getContext("2d");
  if (!context) throw new Error("there is no canvas to draw on");
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((drawn, failed) =>
    canvas.toBlob((blob) => (blob ? drawn(blob) : failed(new Error("the chart cannot be drawn"))), "image/png"),
  );
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
