/** The coordinate systems in which models write boxes. */
import type { BoxCoordinates } from "../../api/bindings";
import { words } from "../../messages";

export const SYSTEMS: readonly BoxCoordinates[] = [
  "pixel_xyxy",
  "server_pixel_xyxy",
  "norm1000_xyxy",
  "norm1000_yxyx",
  "norm1_xyxy",
  "norm1_xywh",
];

export function coordinateChoices(): { value: BoxCoordinates; name: string }[] {
  return SYSTEMS.map((value) => ({ value, name: words.models.systems[value] }));
}
