/** The tour on the sample photos. */
import { here } from "../place.svelte";

export const tour = {
  title: "Tour",
  place: (step: number, steps: number) => `${step} of ${steps}`,
  next: "Next",
  done: "Done",
  skip: "Skip the tour",
  /** At the plan, while nothing is annotated. */
  startRun: "Press Annotate to start: the built-in detector works here and costs nothing. The tour continues there.",
  toRun: "Got it",
  waitForAnswers: "The next step follows when the first image is annotated.",
  steps: {
    drop: {
      title: "Add photos here",
      get text() {
        return here(
          "Drop folders anywhere in the window. The photos stay where they are and are only read.",
          "Drop folders anywhere in the window to send them to the server, or choose folders that are there already.",
        );
      },
    },
    plan: {
      title: "See the cost first",
      text: "Choose what to find and a model. Time and cost for exactly these images are shown before anything runs.",
    },
    run: {
      title: "Leave it running",
      get text() {
        return here(
          "Pause, resume or close the window: every answer is saved as it arrives, and nothing is paid twice.",
          "Pause, resume or close this page: the server goes on, every answer is saved as it arrives, and nothing is paid twice.",
        );
      },
    },
    review: {
      title: "Decide with two keys",
      text: "The most uncertain annotations come first. One key accepts, another rejects, and both move on; every decision can be undone.",
    },
    export: {
      title: "Export the dataset",
      get text() {
        const end = here("to be saved or dragged into another program", "to be downloaded");
        return `Every run stays here with its cost and metrics. Export writes its annotations as COCO, YOLO, CSV and other formats, ${end}.`;
      },
    },
  },
};
