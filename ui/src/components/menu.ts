/** What a menu or a context menu holds. */
import type { Component } from "svelte";

import type { Chord } from "../state/actions/chords";
import { type ActionId, TABLE } from "../state/actions/table";

export interface MenuCommand {
  name: string;
  icon?: Component<Record<string, unknown>>;
  /** Its keys: those of an action, or fixed ones. */
  shortcut?: ActionId;
  chord?: Chord;
  /** The choice in effect among several; undefined for a command. */
  isChosen?: boolean;
  isDanger?: boolean;
  isDisabled?: boolean;
  /** Whether it changes the library. A command with a shortcut follows the table of actions. */
  changes?: boolean;
  do: () => void;
}

/** Lines separate the groups. A group may have a heading. */
export interface MenuGroup {
  name?: string;
  commands: readonly MenuCommand[];
}

/** The commands of a window that may only read. */
export function readingOnly(groups: readonly MenuGroup[]): MenuGroup[] {
  const changes = ({ changes = false, shortcut }: MenuCommand): boolean =>
    changes || (shortcut !== undefined && "changes" in TABLE[shortcut]);
  return groups
    .map((group) => ({ ...group, commands: group.commands.filter((command) => !changes(command)) }))
    .filter(({ commands }) => commands.length > 0);
}
