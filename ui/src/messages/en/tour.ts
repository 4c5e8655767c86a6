/** The tour on the sample photos. */
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
      text: "Drop folders anywhere in the window. The photos stay where they are and are only read.",
    },
    plan: {
      title: "See the cost first",
      text: "Choose what to find and a model. Time and cost for exactly these images are shown before anything runs.",
    },
    run: {
      title: "Leave it running",
      text: "Pause, resume or close the window: every answer is saved as it arrives, and nothing is paid twice.",
    },
    review: {
      title: "Decide with two keys",
      text: "The most uncertain annotations come first. One key accepts, another rejects, and both move on; every decision can be undone.",
    },
    export: {
      title: "Export the dataset",
      text: "Every run stays here with its cost and metrics. Export writes its annotations as COCO, JSON Lines or CSV, to be saved or dragged into another program.",
    },
  },
};
