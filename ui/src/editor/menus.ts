/** The context menus of review: of the selected annotations, and of the photo. */
import Check from "@lucide/svelte/icons/check";
import CopyPlus from "@lucide/svelte/icons/copy-plus";
import Eye from "@lucide/svelte/icons/eye";
import EyeOff from "@lucide/svelte/icons/eye-off";
import Maximize from "@lucide/svelte/icons/maximize";
import Tag from "@lucide/svelte/icons/tag";
import Trash from "@lucide/svelte/icons/trash";
import X from "@lucide/svelte/icons/x";
import ZoomIn from "@lucide/svelte/icons/zoom-in";

import type { MenuGroup } from "../components/menu";
import { words } from "../messages";
import type { Viewport } from "../photo/viewport.svelte";
import type { Review } from "./review.svelte";
import type { Tools } from "./tools.svelte";

export function annotationGroups(review: Review, tools: Tools): MenuGroup[] {
  const { menus } = words;
  const number = review.selectedAnnotations.length;
  const areAll = (status: string) => review.selectedAnnotations.every((annotation) => annotation.status === status);
  return [
    {
      commands: [
        {
          name: menus.rename,
          icon: Tag,
          shortcut: "review.rename",
          isDisabled: !tools.canRename,
          do: () => tools.rename(),
        },
        {
          name: menus.duplicate(number),
          icon: CopyPlus,
          shortcut: "review.duplicate",
          do: () => tools.shaping.duplicate(),
        },
      ],
    },
    {
      commands: [
        {
          name: menus.accept(number),
          icon: Check,
          shortcut: "review.accept",
          isDisabled: areAll("accepted"),
          do: () => review.decisions.accept(),
        },
        {
          name: menus.reject(number),
          icon: X,
          shortcut: "review.reject",
          isDisabled: areAll("rejected"),
          do: () => review.decisions.reject(),
        },
      ],
    },
    {
      commands: [
        {
          name: menus.delete(number),
          icon: Trash,
          shortcut: "review.remove",
          isDanger: true,
          do: () => tools.shaping.remove(),
        },
      ],
    },
  ];
}

const TOOLS = [
  { tool: "select", shortcut: "review.select" },
  { tool: "box", shortcut: "review.box" },
  { tool: "polygon", shortcut: "review.polygon" },
  { tool: "point", shortcut: "review.point" },
] as const;

export function photoGroups(review: Review, tools: Tools, viewport: Viewport): MenuGroup[] {
  const { menus } = words;
  const isHidden = review.filter.hidesAll;
  return [
    {
      commands: [
        { name: menus.fit, icon: Maximize, shortcut: "review.fit", do: () => viewport.fit() },
        { name: menus.full, icon: ZoomIn, shortcut: "review.full", do: () => viewport.zoomToPercent(100) },
        {
          name: isHidden ? menus.show : menus.hide,
          icon: isHidden ? Eye : EyeOff,
          shortcut: "review.hide",
          do: () => (review.filter.hidesAll = !isHidden),
        },
      ],
    },
    {
      name: menus.tools,
      commands: TOOLS.map(({ tool, shortcut }) => ({
        name: words.review.toolNames[tool],
        shortcut,
        isChosen: tools.tool === tool,
        do: () => tools.choose(tool),
      })),
    },
  ];
}
