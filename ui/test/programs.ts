/**
 * The programs that tests start. They must have been built: `cargo build --workspace --bins`. Measurements start released ones, with
 * `PROGRAMS=release`.
 */
import { join, resolve } from "node:path";

const TARGET = process.env.CARGO_TARGET_DIR ?? resolve(import.meta.dirname, "../../target");

const PROFILE = process.env.PROGRAMS ?? "debug";

/** The path of a program of this workspace, such as `fieldmark`. */
export function program(name: string): string {
  return join(TARGET, PROFILE, name);
}
