/**
 * Draws the annotations of an image in device pixels, so that lines are sharp at any zoom. What does not depend on pan
 * and zoom, such as the drawing order, is cached while the annotations stay the same.
 */
import type { Annotation, AnnotationId, Point, Rect, Shape } from "../../api/bindings";
import { boundsOf } from "../../components/shape";
import type { PaletteColor } from "../../components/labelColors";
import { area } from "../hit";
import type { Area } from "../../photo/tags";
import type { Labelling } from "../view.svelte";
import { deviceBox, type Frame, isSeen } from "../../photo/frame";
import {
  paintCorners,
  paintCrosshair,
  handleAreas,
  aroundHandles,
  paintFrame,
  paintHandles,
  paintTicks,
} from "./handles";
import { Labels, tagGap } from "./labels";
import { type Line, paintOutline } from "./outline";
import { colorsOf, type Palette } from "../../photo/palette";

/** With more visible annotations, labels would hide the photo. */
const MAX_TAGS = 120;
/** Minimum fill opacity of the selected annotation. */
const SELECTED_FILL = 0.14;

/** Size of the pointer position in the lower left corner, in CSS pixels. */
const READOUT = { width: 104, height: 24 };

export interface Scene {
  annotations: readonly Annotation[];
  selected: ReadonlySet<AnnotationId>;
  /** The selected corner of the selected annotation. */
  corner: number | null;
  /** The shape being drawn, and its future label. */
  sketch: { shape: Shape; label: string } | null;
  colorOf: (label: string) => PaletteColor;
  /** The selection rectangle. */
  frame: Rect | null;
  /** Position of the crosshair while drawing. */
  crosshair: Point | null;
  /** In CSS pixels. */
  lineWidth: number;
  labels: Labelling;
  fill: number;
  /** Formats the size of the selected annotation. */
  measure: (box: Rect) => string;
}

interface Placed {
  annotation: Annotation;
  bounds: Rect;
}

interface Drawn extends Placed {
  box: Area;
  isSelected: boolean;
}

export class AnnotationPainter {
  readonly #labels = new Labels();
  #annotations: readonly Annotation[] = [];
  #placed: readonly Placed[] = [];

  paint(context: CanvasRenderingContext2D, palette: Palette, frame: Frame, scene: Scene): void {
    const { sketch, crosshair } = scene;
    const { canvas } = context;
    const room: Area = { x: 0, y: 0, width: canvas.width, height: canvas.height };
    const drawn = this.#inSight(frame, scene, room);
    for (const each of drawn) {
      const { annotation, box } = each;
      paintOutline(
        context,
        palette,
        frame,
        annotation.shape,
        box,
        lineOf(palette, frame, scene, annotation, each.isSelected),
      );
    }
    const last = drawn.at(-1);
    // Only a single selection shows its size and handles.
    const chosen = last?.isSelected && scene.selected.size === 1 ? last : undefined;
    if (scene.selected.size > 1)
      for (const { box } of drawn.filter(({ isSelected }) => isSelected)) paintTicks(context, palette, frame, box);
    if (sketch === null) this.#label(context, palette, frame, scene, drawn, chosen, room);
    else this.#paintSketch(context, palette, frame, scene, sketch, room);
    if (chosen && sketch === null) paintHandles(context, palette, frame, chosen.annotation.shape, scene.corner);
    if (scene.frame) paintFrame(context, palette, deviceBox(frame, scene.frame), frame.pixelRatio);
    if (crosshair) paintCrosshair(context, palette, frame, crosshair);
  }

  /** Visible annotations: large ones first, so that small ones are on top, and selected ones last. */
  #inSight(frame: Frame, { annotations, selected }: Scene, room: Area): Drawn[] {
    if (annotations !== this.#annotations) {
      this.#annotations = annotations;
      this.#placed = [...annotations]
        .sort((one, other) => area(other) - area(one))
        .flatMap((annotation) => {
          const bounds = boundsOf(annotation.shape);
          return bounds === null ? [] : { annotation, bounds };
        });
    }
    const drawn: Drawn[] = [];
    const chosen: Drawn[] = [];
    for (const { annotation, bounds } of this.#placed) {
      const box = deviceBox(frame, bounds);
      if (!isSeen(box, room)) continue;
      const isSelected = selected.has(annotation.id);
      (isSelected ? chosen : drawn).push({ annotation, bounds, box, isSelected });
    }
    return [...drawn, ...chosen];
  }

  #label(
    context: CanvasRenderingContext2D,
    palette: Palette,
    frame: Frame,
    scene: Scene,
    drawn: readonly Drawn[],
    chosen: Drawn | undefined,
    room: Area,
  ): void {
    const { pixelRatio } = frame;
    const measure = chosen && hasExtent(chosen.annotation.shape) ? scene.measure(chosen.bounds) : "";
    const place =
      chosen && measure !== ""
        ? this.#labels.placeOfMeasure(context, palette, pixelRatio, chosen.box, measure, room)
        : null;
    const areFew = scene.labels === "always" && drawn.length <= MAX_TAGS;
    const handles = chosen ? handleAreas(frame, chosen.annotation.shape) : [];
    const labelled = drawn
      .filter(({ annotation, isSelected }) =>
        isSelected ? scene.labels !== "never" : areFew && annotation.status !== "rejected",
      )
      // Selected labels are placed first, then those of small annotations, which have the fewest possible places.
      .reverse()
      .map(({ annotation, box, ...each }) => {
        const isNeeded = chosen?.annotation === annotation && each.isSelected;
        return {
          annotation,
          box: isNeeded ? aroundHandles(box, pixelRatio, tagGap(scene.lineWidth, pixelRatio)) : box,
          isNeeded,
        };
      });
    // Labels must not cover handles or the pointer position.
    const taken = [...(place === null ? [] : [place]), ...handles, readoutArea(room, pixelRatio)];
    if (labelled.length > 0) this.#labels.paint(context, palette, pixelRatio, scene, labelled, room, taken);
    if (place) this.#labels.paintMeasure(context, palette, pixelRatio, measure, place);
  }

  #paintSketch(
    context: CanvasRenderingContext2D,
    palette: Palette,
    frame: Frame,
    scene: Scene,
    { shape, label }: { shape: Shape; label: string },
    room: Area,
  ): void {
    const bounds = boundsOf(shape);
    if (bounds === null) return;
    const box = deviceBox(frame, bounds);
    const line: Line = {
      width: Math.max(1, Math.round(scene.lineWidth * frame.pixelRatio)),
      isDashed: false,
      colors: colorsOf(palette, scene.colorOf(label)),
      opacity: 1,
      fill: SELECTED_FILL,
    };
    paintOutline(context, palette, frame, shape, box, line);
    if (shape.kind === "polygon") paintCorners(context, palette, frame, shape.points.slice(0, -1));
    if (shape.kind !== "box") return;
    const measure = scene.measure(bounds);
    const place = this.#labels.placeOfMeasure(context, palette, frame.pixelRatio, box, measure, room);
    if (place) this.#labels.paintMeasure(context, palette, frame.pixelRatio, measure, place);
  }
}

function readoutArea({ height }: Area, pixelRatio: number): Area {
  const size = { width: READOUT.width * pixelRatio, height: READOUT.height * pixelRatio };
  return { x: 0, y: height - size.height, ...size };
}

function lineOf(palette: Palette, frame: Frame, scene: Scene, annotation: Annotation, isSelected: boolean): Line {
  const colors = colorsOf(palette, scene.colorOf(annotation.label));
  const isFaint = annotation.status === "rejected" && !isSelected;
  const width = annotation.status === "rejected" ? 1 : scene.lineWidth;
  return {
    width: Math.max(1, Math.round(width * frame.pixelRatio)),
    isDashed: colors.isDashed,
    colors,
    opacity: isFaint ? 0.5 : 1,
    fill: isSelected ? Math.max(SELECTED_FILL, scene.fill) : isFaint ? 0 : scene.fill,
  };
}

function hasExtent(shape: Shape): boolean {
  return shape.kind === "box" || shape.kind === "polygon";
}
