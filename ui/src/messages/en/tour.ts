/** The first look around, on the sample photos. */
export const tour = {
  title: "Tour",
  place: (step: number, steps: number) => `${step} of ${steps}`,
  next: "Next",
  done: "Done",
  skip: "Skip the tour",
  steps: {
    drop: {
      title: "Photos come in here",
      text: "Drop folders anywhere in the window. The photos stay where they are and are only read.",
    },
    plan: {
      title: "Know the cost before",
      text: "Choose what to find and a model. Time and cost for exactly these images are shown before anything runs.",
    },
    run: {
      title: "Watch it, or leave it",
      text: "Pause, resume or close the window: every answer is stored as it comes, and nothing is paid twice.",
    },
    review: {
      title: "Decide with two keys",
      text: "The least certain marks come first. One key accepts and goes on, another rejects; every decision can be taken back.",
    },
    export: {
      title: "Take it with you",
      text: "Every run stays here with its cost and figures. Export writes its marks as COCO, JSON Lines or CSV, to be saved or dragged into another program.",
    },
  },
};
