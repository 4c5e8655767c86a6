/** Whether the info panel is shown, in the library and in review; remembered on this machine. */
import { keep, recall } from "./kept";

export class InfoState {
  isOpen = $state(recall("info", (value): value is boolean => typeof value === "boolean") ?? false);

  toggle(): void {
    this.isOpen = !this.isOpen;
    keep("info", this.isOpen);
  }
}
