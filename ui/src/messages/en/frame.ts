import type { Dollars, KeyPlace } from "../../api/bindings";
import type { Privacy } from "../../state/connections.svelte";
import { count, exactMoney, money } from "../format";
import { here } from "../place.svelte";

const keyPlaces: Record<KeyPlace, string> = {
  keychain: "Key in the OS keychain",
  get session() {
    return here("Key in memory, until Fieldmark is closed", "Key in memory, until the server stops");
  },
  variable: "Key from the environment",
  dot_env: "Key from the .env file",
  command_line: "Key from the command line",
};

export const frame = {
  product: "Fieldmark",
  screensLabel: "Screens",
  allImages: "All images",
  shortcuts: "Keyboard shortcuts",
  settings: "Settings",
  close: "Close",
  saveChart: (title: string) => `Save chart: ${title}`,
  chartAs: { svg: "Save as SVG", png: "Save as PNG" },
  chartSaved: (path: string) => `Chart saved to ${path}`,
  dismiss: "Dismiss",
  openingLibrary: "Opening the library",
  loading: "Loading",
  offline: "No network: models on this machine still work",
  libraryUnreadable: "The library could not be read",
  libraryUnreadableNote:
    "Nothing in it was changed. Its folder may be on a disk that is not connected, or in use by another program.",
  tryAgain: "Try again",
  privacy: (privacy: Privacy, key: KeyPlace | null): string => {
    const machine = here("this machine", "the server");
    if (privacy === "locked") return `Locked to ${machine}`;
    if (privacy === "nothing_set_up") return `Nothing leaves ${machine}`;
    return key === null ? "" : `${keyPlaces[key]}, metadata stripped`;
  },
  sendingTo: (host: string) => `To ${host}`,
  /** Spent this month over all runs, of the cap. */
  month: (spent: Dollars, cap: Dollars | null) =>
    cap === null ? `This month ${money(spent)}` : `This month ${money(spent)} of ${exactMoney(cap)}`,
  allKeys: "all keys",
  imagesInLibrary: (images: number) =>
    images === 0 ? "No images yet" : `${count(images)} ${images === 1 ? "image" : "images"}`,
  selectedOf: (selected: number, images: number) => `${count(selected)} selected of ${count(images)}`,
  /** After a count, if the screen shows only some layers. */
  inAllLayers: "in all layers",
  reviewedOf: (reviewed: number, images: number) => `${count(reviewed)} of ${count(images)} reviewed`,
  imported: (added: number, known: number, skipped: number, leftovers: number) =>
    [
      added === 0 ? "No new images" : `${count(added)} ${added === 1 ? "image" : "images"} added`,
      known === 0 ? "" : `${count(known)} already in the library`,
      skipped === 0 ? "" : `${count(skipped)} ${skipped === 1 ? "file" : "files"} skipped`,
      leftovers === 0 ? "" : `${count(leftovers)} system ${leftovers === 1 ? "file" : "files"} ignored`,
    ]
      .filter((part) => part !== "")
      .join(", "),
  importCancelled: (added: number) => `Import canceled after ${count(added)} ${added === 1 ? "image" : "images"}`,
  dropTitle: "Drop to add",
  dropNote: "Each folder becomes a collection. The originals are only read.",
  dropDataset: "A dataset, such as a COCO file, is imported as annotations.",
  dropOverDialog: "The photos are added in the background. The open dialog stays as it is.",
  whisker: (likely: string, expected: string, bound: string) =>
    `${expected} expected, likely ${likely}, never above ${bound}`,
  whiskerCap: (cap: string, isCrossed: boolean) =>
    isCrossed ? `, beyond your cap of ${cap}` : `, within your cap of ${cap}`,
  /** Why a typed amount is invalid. */
  typedMoney: {
    no_money: "Enter an amount in dollars, such as 0.60.",
    not_positive: "Enter more than $0.",
    too_much: "Enter $1,000,000 at most.",
  },
  unknownError: (message: string) => `Something went wrong: ${message}`,
};
