import { expect, it } from "vitest";

import { type MenuCommand, readingOnly } from "./menu";

const command = (name: string, more: Partial<MenuCommand> = {}): MenuCommand => ({
  name,
  do: () => undefined,
  ...more,
});

it("leaves out what changes the library, and groups without anything else", () => {
  const groups = [
    { commands: [command("Copy path"), command("Accept", { shortcut: "review.accept" })] },
    { commands: [command("Remove", { changes: true })] },
    { commands: [command("Fit", { shortcut: "review.fit" })] },
  ];
  expect(readingOnly(groups).map(({ commands }) => commands.map(({ name }) => name))).toEqual([["Copy path"], ["Fit"]]);
});
