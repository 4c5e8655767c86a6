/** What a menu or a context menu holds. */
import type { Component } from "svelte";

import type { Chord } from "../state/actions/chords";
import type { ActionId } from "../state/actions/table";

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
  do: () => void;
}

/** Lines separate the groups. A group may have a heading. */
export interface MenuGroup {
  name?: string;
  commands: readonly MenuCommand[];
}
