/**
 * Starts the program that opens scenes, for all tests of a run: libraries prepared by the engine and the simulators, each
 * served by `fieldmark serve`. The programs must have been built: `cargo build --workspace --bins`.
 */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import type { TestProject } from "vitest/node";

declare module "vitest" {
  export interface ProvidedContext {
    /** The address of the program. */
    scenes: string;
  }
}

const TARGET = process.env.CARGO_TARGET_DIR ?? fileURLToPath(new URL("../../target", import.meta.url));

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  // It ends when its input is closed, so also when this process is killed.
  const program = spawn(`${TARGET}/debug/scenes`, [], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise<void>((resolve) => program.once("exit", () => resolve()));
  const failed = new Promise<never>((_, reject) => program.once("error", reject));
  const address = new Promise<string>((resolve, reject) => {
    createInterface(program.stdout).on("line", (line) => {
      const [, found] = /^scenes at (\S+)$/.exec(line) ?? [];
      if (found) resolve(found);
    });
    void ended.then(() => reject(new Error("the program that opens scenes has ended")));
  });
  project.provide("scenes", await Promise.race([address, failed]));
  return async () => {
    program.stdin.end();
    await ended;
  };
}
