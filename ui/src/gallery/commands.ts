/** Commands of the library. Movement in the grid is in the grid. */
import { openMenu } from "../components/openMenu";
import type { Commands } from "../state/actions/actions.svelte";
import type { Library } from "./library.svelte";

export function libraryCommands(library: Library): Commands {
  const hasImages = () => library.ids.length > 0;
  return {
    "library.open": { do: () => library.review(library.active), can: hasImages },
    "library.toggle": { do: () => library.select(library.active, "toggle"), can: hasImages },
    "library.all": { do: () => library.selectAll(), can: hasImages },
    "library.none": { do: () => library.selectNone(), can: () => library.app.scope.selected.size > 0 },
    "library.larger": () => library.resize(1),
    "library.smaller": () => library.resize(-1),
    "library.hide": () => (library.areAnnotationsHidden = !library.areAnnotationsHidden),
    "library.search": () => document.getElementById("library-search")?.focus(),
    "library.plan": { do: () => library.plan(), can: () => library.plannedCount > 0 },
    "library.reverse": () => (library.question.isReversed = !library.question.isReversed),
    "library.info": () => library.app.info.toggle(),
    "library.remove": { do: () => void library.remove(), can: hasImages },
    "library.menu": {
      do: () => openMenu(document.getElementById(`image-${library.activeId}`)),
      can: () => hasImages() && document.activeElement?.id === "library-grid",
    },
  };
}
