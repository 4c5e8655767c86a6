import { beforeEach, describe, expect, it } from "vitest";
import { page, userEvent } from "vitest/browser";
import { render } from "vitest-browser-svelte";

import Kit from "./Kit.svelte";

beforeEach(() => render(Kit));

const role = page.getByRole.bind(page);
const value = (name: string) => page.getByLabelText(name, { exact: true });
const focusOn = async (name: string) => (role("button", { name, exact: true }).element() as HTMLElement).focus();

it("a busy button keeps the focus, and cannot be pressed again", async () => {
  await focusOn("Save");
  await userEvent.keyboard("{Enter}");
  const save = role("button", { name: "Save", exact: true });
  await expect.element(save).toHaveAttribute("aria-disabled", "true");
  await expect.element(save).toHaveFocus();
  await userEvent.keyboard("{Enter}");
  (save.element() as HTMLElement).click();
  await expect.element(value("Presses")).toHaveTextContent(/^1$/);
});

describe("a select", () => {
  const select = role("combobox", { name: "Label", exact: true });

  it("opens, moves, chooses and gives the focus back by the keyboard", async () => {
    (select.element() as HTMLElement).focus();
    await userEvent.keyboard("{ArrowDown}");
    await expect.element(role("option", { name: /Any label/ })).toHaveAttribute("aria-selected", "true");
    await userEvent.keyboard("{ArrowDown}{ArrowDown}{Enter}");
    await expect.element(value("Label's value")).toHaveTextContent("box");
    await expect.element(select).toHaveFocus();
    await expect.element(select).toHaveAttribute("aria-expanded", "false");
  });

  it("finds an option by the beginning of its name, open or not", async () => {
    (select.element() as HTMLElement).focus();
    await userEvent.keyboard("pe");
    await expect.element(value("Label's value")).toHaveTextContent("person");
    await userEvent.keyboard("{Enter}la{Enter}");
    await expect.element(value("Label's value")).toHaveTextContent("lamp");
  });

  it("leaves what was chosen at Escape, and skips what is disabled", async () => {
    await select.click();
    await expect.element(role("option", { name: /Wheel/ })).toHaveAttribute("aria-disabled", "true");
    await userEvent.keyboard("{End}{Escape}");
    await expect.element(value("Label's value")).toHaveTextContent("any");
    await expect.element(select).toHaveFocus();
  });
});

describe("a combobox", () => {
  const bird = role("combobox", { name: "Bird" });

  it("shows what matches and takes it with Enter", async () => {
    await bird.fill("heron");
    await expect.poll(() => role("option").all().length).toBe(3);
    await userEvent.keyboard("{ArrowDown}{Enter}");
    await expect.element(value("Bird's value")).toHaveTextContent("night");
    await expect.element(bird).toHaveValue("Night heron");
  });

  it("creates what is not there, and forgets what was typed at Escape", async () => {
    await bird.fill("Stork");
    await role("option", { name: 'Create label "Stork"' }).click();
    await expect.element(value("Happened")).toHaveTextContent("created Stork");
    await bird.fill("Gul");
    await userEvent.keyboard("{Escape}");
    await expect.element(bird).toHaveValue("");
  });
});

describe("a menu", () => {
  it("finds a command by its name, runs it, and gives the focus back", async () => {
    await focusOn("Actions");
    await userEvent.keyboard("{Enter}");
    await expect.element(role("menu", { name: "Image" })).toBeVisible();
    await userEvent.keyboard("cop");
    await expect.element(role("menuitem", { name: /^Copy path/ })).toHaveFocus();
    await userEvent.keyboard("{Enter}");
    await expect.element(value("Happened")).toHaveTextContent("Copy path");
    await expect.element(role("button", { name: "Actions" })).toHaveFocus();
  });

  it("skips what is disabled and closes at Escape", async () => {
    await role("button", { name: "Actions" }).click();
    await userEvent.keyboard("{Home}{ArrowDown}");
    await expect.element(role("menuitem", { name: "Show in folder" })).toHaveFocus();
    await userEvent.keyboard("{Escape}");
    await expect.element(role("menu")).not.toBeInTheDocument();
    await expect.element(role("button", { name: "Actions" })).toHaveFocus();
  });

  it("says which choice is in effect", async () => {
    await role("button", { name: "Order" }).click();
    await role("menuitemradio", { name: "File name" }).click();
    await role("button", { name: "Order" }).click();
    await expect.element(role("menuitemradio", { name: "File name" })).toHaveAttribute("aria-checked", "true");
    await expect.element(role("menuitemradio", { name: "Date added" })).toHaveAttribute("aria-checked", "false");
  });

  it("opens on the right button where the pointer is", async () => {
    await page.getByText("Right-click here").click({ button: "right" });
    await role("menuitem", { name: "Show in folder" }).click();
    await expect.element(value("Happened")).toHaveTextContent("Show in folder");
  });
});

describe("a dialog", () => {
  const dialog = role("dialog", { name: "Reject 39 annotations?" });

  it("takes the focus, keeps it inside, and gives it back", async () => {
    await focusOn("Open the dialog");
    await userEvent.keyboard("{Enter}");
    await expect.element(dialog).toBeVisible();
    for (let times = 0; times < 6; times += 1) {
      await userEvent.keyboard("{Tab}");
      expect(dialog.element().contains(document.activeElement)).toBe(true);
    }
    await userEvent.keyboard("{Escape}");
    await expect.element(dialog).not.toBeInTheDocument();
    await expect.element(role("button", { name: "Open the dialog" })).toHaveFocus();
  });

  it("stays when Escape closes a list in it", async () => {
    await role("button", { name: "Open the dialog" }).click();
    await role("combobox", { name: "Reason" }).click();
    await userEvent.keyboard("{Escape}");
    await expect.element(role("listbox")).not.toBeInTheDocument();
    await expect.element(dialog).toBeVisible();
    await role("combobox", { name: "Reason" }).click();
    await role("option", { name: "Loose box" }).click();
    await expect.element(dialog).toBeVisible();
    await expect.element(value("Happened")).toHaveTextContent("loose");
  });

  it("closes at a press outside", async () => {
    await role("button", { name: "Open the dialog" }).click();
    await expect.element(dialog).toBeVisible();
    await userEvent.click(document.querySelector(".dialog-overlay") as Element, { position: { x: 5, y: 5 } });
    await expect.element(dialog).not.toBeInTheDocument();
  });
});

describe("a popover", () => {
  it("keeps open while a list in it is used, and gives the focus back at Escape", async () => {
    await role("button", { name: "Display" }).click();
    await role("combobox", { name: "Outline" }).click();
    await role("option", { name: "Bold" }).click();
    await expect.element(role("group", { name: "Display" })).toBeVisible();
    await userEvent.keyboard("{Escape}");
    await expect.element(role("group", { name: "Display" })).not.toBeInTheDocument();
    await expect.element(role("button", { name: "Display" })).toHaveFocus();
  });
});

it("a slider moves by keys, and shows what it was corrected to", async () => {
  const slider = role("slider", { name: "Threshold" });
  (slider.element() as HTMLElement).focus();
  await userEvent.keyboard("{ArrowRight}{ArrowRight}{ArrowLeft}");
  await expect.element(value("Threshold's value")).toHaveTextContent("86");
  await userEvent.keyboard("{End}");
  await expect.element(value("Threshold's value")).toHaveTextContent("95");
  expect((slider.element() as HTMLInputElement).value).toBe("95");
  await userEvent.keyboard("{Home}");
  await expect.element(slider).toHaveAttribute("aria-valuetext", "0 %");
});

it("a table is sorted by a column, and turned round", async () => {
  const names = () => [...document.querySelectorAll("tbody td:first-child")].map((cell) => cell.textContent?.trim());
  expect(names()).toEqual(["Spoon", "Lamp", "Box", "Person"]);
  await role("button", { name: "Annotations", exact: true }).click();
  expect(names()).toEqual(["Person", "Box", "Lamp", "Spoon"]);
  await expect.element(role("columnheader", { name: "Annotations" })).toHaveAttribute("aria-sort", "ascending");
  await role("button", { name: "Label", exact: true }).click();
  expect(names()).toEqual(["Box", "Lamp", "Person", "Spoon"]);
  await expect.element(role("columnheader", { name: "Annotations" })).toHaveAttribute("aria-sort", "none");
});

it("tabs change by the arrows", async () => {
  await role("tab", { name: /^Annotations/ }).click();
  await userEvent.keyboard("{ArrowRight}");
  await expect.element(role("tab", { name: "Info" })).toHaveAttribute("aria-selected", "true");
  await expect.element(role("tabpanel")).toHaveTextContent("The info of the image");
});

it("a notice goes when its action is taken, and when it is dismissed", async () => {
  await role("button", { name: "Undo" }).click();
  await expect.element(value("Happened")).toHaveTextContent("undone");
  await expect.element(page.getByText("39 annotations rejected")).not.toBeInTheDocument();
  await role("button", { name: "Dismiss" }).click();
  await expect.element(page.getByText("Label not saved")).not.toBeInTheDocument();
});

it("a number that is out of bounds is reverted, and steps stay within them", async () => {
  const field = role("spinbutton", { name: "Requests" });
  await field.fill("65");
  await userEvent.keyboard("{Tab}");
  await expect.element(field).toHaveValue(60);
  await field.fill("64");
  await userEvent.keyboard("{ArrowUp}{Tab}");
  await expect.element(field).toHaveValue(64);
});

it("a tooltip says the name and the keys, at focus too, and Escape closes it", async () => {
  await role("button", { name: "Hide annotations" }).hover();
  await expect.element(role("tooltip")).toHaveTextContent("Hide annotations");
  await expect.element(role("tooltip")).toHaveTextContent("H");
  await page.getByText("Buttons").hover();
  await expect.element(role("tooltip")).not.toBeInTheDocument();
  await focusOn("Large");
  await userEvent.keyboard("{Tab}{Tab}");
  await expect.element(role("tooltip")).toHaveTextContent("Explains");
  await userEvent.keyboard("{Escape}");
  await expect.element(role("tooltip")).not.toBeInTheDocument();
});
