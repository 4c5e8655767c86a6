/** All tooltips share one floating element (`Tooltips.svelte`), because a screen has many more controls than tooltips. */
import { Tooltip } from "bits-ui";

import type { ActionId } from "../state/actions/table";

export interface TooltipContent {
  text: string;
  /** Its keys are shown beside the text. */
  shortcut: ActionId | undefined;
}

export const tooltips = Tooltip.createTether<TooltipContent>();
