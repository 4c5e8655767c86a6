/**
 * Draws the annotations of an image. Everything is computed in device pixels, and
 * lines lie on them, so that what is drawn is sharp at any zoom and on any screen.
 *
 * A frame of a pan or a zoom draws what the frame before drew, elsewhere: what does not change with the place of the
 * image, such as the order of the annotations, is kept for as long as the annotations are the same.
 */
import type { Annotation, AnnotationId, Point, Rect, Shape } from "../../ipc/bindings";
import { boundsOf } from "../../kit/shape";
import type { PaletteColor } from "../../kit/labelColors";
import { area } from "../hit";
import type { Area } from "../../photo/tags";
import type { Labelling } from "../view.svelte";
import { deviceBox, type Frame, isSeen } from "../../photo/frame";
import { paintCorners, paintCrosshair, gripAreas, beyondGrips, paintFrame, paintHandles, paintTicks } from "./grips";
import { Labels, tagGap } from "./labels";
import { type Line, paintOutline } from "./outline";
import { colorsOf, type Palette } from "../../photo/palette";

/** With more annotations in sight, labels would hide what they are about. */
const MOST_TAGS = 120;
/** The selected annotation has a wash at least so strong. */
const SELECTED_FILL = 0.14;

/** In the lower left corner, in CSS pixels. */
const READOUT = { width: 104, height: 24 };

export interface Scene {
  annotations: readonly Annotation[];
  selected: ReadonlySet<AnnotationId>;
  /** The corner of the selected annotation that is in hand. */
  corner: number | null;
  /** What is being drawn, and the label that it will have. */
  sketch: { shape: Shape; label: string } | null;
  colorOf: (label: string) => PaletteColor;
  /** That is dragged to select what lies across it. */
  frame: Rect | null;
  /** Where lines cross while somebody draws. */
  crosshair: Point | null;
  /** In CSS pixels. */
  lineWidth: number;
  labels: Labelling;
  fill: number;
  /** Width and height of the selected annotation, in words. */
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
    // Of several annotations none is measured, and none has handles.
    const chosen = last?.isSelected && scene.selected.size === 1 ? last : undefined;
    if (scene.selected.size > 1)
      for (const { box } of drawn.filter(({ isSelected }) => isSelected)) paintTicks(context, palette, frame, box);
    if (sketch === null) this.#label(context, palette, frame, scene, drawn, chosen, room);
    else this.#paintSketch(context, palette, frame, scene, sketch, room);
    if (chosen && sketch === null) paintHandles(context, palette, frame, chosen.annotation.shape, scene.corner);
    if (scene.frame) paintFrame(context, palette, deviceBox(frame, scene.frame), frame.pixelRatio);
    if (crosshair) paintCrosshair(context, palette, frame, crosshair);
  }

  /** Annotations that are seen: large ones first, so that small ones are not hidden, and the selected ones over all. */
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
    const areFew = scene.labels === "always" && drawn.length <= MOST_TAGS;
    const grips = chosen ? gripAreas(frame, chosen.annotation.shape) : [];
    const labelled = drawn
      .filter(({ annotation, isSelected }) =>
        isSelected ? scene.labels !== "never" : areFew && annotation.status !== "rejected",
      )
      // The selected ones choose their places first, then the small ones, which have the fewest places.
      .reverse()
      .map(({ annotation, box, ...each }) => {
        const isNeeded = chosen?.annotation === annotation && each.isSelected;
        return {
          annotation,
          box: isNeeded ? beyondGrips(box, pixelRatio, tagGap(scene.lineWidth, pixelRatio)) : box,
          isNeeded,
        };
      });
    // Nothing is written over what one takes hold of, or where it says where the pointer is.
    const taken = [...(place === null ? [] : [place]), ...grips, readoutArea(room, pixelRatio)];
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
