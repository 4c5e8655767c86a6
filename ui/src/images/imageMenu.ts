/** The context menu of an image, or of the selected ones. */
import FolderSearch from "@lucide/svelte/icons/folder-search";
import Copy from "@lucide/svelte/icons/copy";
import Info from "@lucide/svelte/icons/info";
import Scan from "@lucide/svelte/icons/scan";
import Sparkles from "@lucide/svelte/icons/sparkles";
import Trash from "@lucide/svelte/icons/trash";

import type { ImageId } from "../api/bindings";
import { type MenuCommand, type MenuGroup, readingOnly } from "../components/menu";
import { words } from "../messages";
import type { App } from "../state/app.svelte";
import { copyPath, showFile } from "./imageActions";

export interface MenuImages {
  /** The image that the menu was opened on. */
  image: ImageId;
  /** It, or the selection that it belongs to. */
  ids: readonly ImageId[];
  /** Absent in review itself. */
  review?: () => void;
  remove: () => void;
}

export function imageGroups(app: App, { image, ids, review, remove }: MenuImages): MenuGroup[] {
  const { menus } = words;
  const number = ids.length;
  const isInReview = review === undefined;
  const work: MenuCommand[] = [
    ...(review ? [{ name: menus.review(number), icon: Scan, shortcut: "library.open", do: review } as const] : []),
    {
      name: menus.annotate(number),
      icon: Sparkles,
      do: () => app.scope.planFor({ kind: "images", ids: [...ids] }),
    },
  ];
  const file: MenuCommand[] = [
    ...(app.frontEnd.isDesktop
      ? [{ name: menus.showFile, icon: FolderSearch, do: () => void showFile(app, image) }]
      : []),
    { name: menus.copyPath, icon: Copy, do: () => void copyPath(app, image) },
    {
      name: menus.info,
      icon: Info,
      shortcut: isInReview ? "review.info" : "library.info",
      do: () => app.info.toggle(),
    },
  ];
  const removal: MenuCommand = {
    name: menus.remove(number),
    icon: Trash,
    isDanger: true,
    changes: true,
    do: remove,
  };
  const groups: MenuGroup[] = [
    { commands: work },
    { commands: file },
    { commands: [isInReview ? removal : { ...removal, shortcut: "library.remove" }] },
  ];
  return app.frontEnd.isReadOnly ? readingOnly(groups) : groups;
}
