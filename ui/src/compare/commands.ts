/** Keyboard commands of compare. */
import type { Viewport } from "../photo/viewport.svelte";
import { ZOOM_STEP } from "../photo/viewport.svelte";
import type { Choice } from "../api/bindings";
import type { Command, Commands } from "../state/actions/actions.svelte";
import type { App } from "../state/app.svelte";
import type { Differences } from "./differences.svelte";

export function compareCommands(app: App, differences: Differences, viewport: Viewport): Commands {
  const always = (action: () => void): Command => ({ do: action, can: () => differences.queue.length > 0 });
  const onImage = (action: () => void): Command => ({
    do: action,
    can: () => differences.shown !== null && !differences.isAtEnd,
  });
  const choosing = (choice: Choice): Command => ({
    do: () => differences.choose(choice),
    can: () =>
      differences.pair !== null && !differences.isAtEnd && (choice !== "both" || differences.pair.can_keep_both),
  });
  return {
    "compare.first": choosing("first"),
    "compare.second": choosing("second"),
    "compare.both": choosing("both"),
    "compare.neither": choosing("neither"),
    "compare.agreed": onImage(() => differences.acceptAgreed()),
    "compare.skip": onImage(() => differences.next()),
    "compare.undo": always(() => differences.undo()),
    "everywhere.undo": always(() => differences.undo()),
    "compare.nextPair": onImage(() => differences.selectNext(1)),
    "compare.previousPair": onImage(() => differences.selectNext(-1)),
    "compare.nextImage": always(() => differences.next()),
    "compare.previousImage": always(() => differences.previous()),
    "compare.fit": always(() => viewport.fit()),
    "compare.full": always(() => viewport.zoomToPercent(100)),
    "compare.zoomIn": always(() => viewport.zoomBy(ZOOM_STEP)),
    "compare.zoomOut": always(() => viewport.zoomBy(1 / ZOOM_STEP)),
    "compare.hide": always(() => (differences.areAgreedHidden = !differences.areAgreedHidden)),
    "compare.leave": () => leave(app),
  };
}

export function leave(app: App): void {
  app.navigation.show(app.navigation.cameFrom ?? "review");
}
