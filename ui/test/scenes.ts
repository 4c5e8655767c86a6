/**
 * Starts the program that opens scenes, for all tests of a run: libraries prepared by the engine and the simulators, each
 * served by `fieldmark serve`.
 */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

import type { TestProject } from "vitest/node";

import { program } from "./programs";

declare module "vitest" {
  export interface ProvidedContext {
    /** The address of the program. */
    scenes: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  // It ends when its input is closed, so also when this process is killed.
  const scenes = spawn(program("scenes"), [], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise<void>((resolve) => scenes.once("exit", () => resolve()));
  const failed = new Promise<never>((_, reject) => scenes.once("error", reject));
  const address = new Promise<string>((resolve, reject) => {
    createInterface(scenes.stdout).on("line", (line) => {
      const [, found] = /^scenes at (\S+)$/.exec(line) ?? [];
      if (found) resolve(found);
    });
    void ended.then(() => reject(new Error("the program that opens scenes has ended")));
  });
  project.provide("scenes", await Promise.race([address, failed]));
  return async () => {
    scenes.stdin.end();
    await ended;
  };
}
