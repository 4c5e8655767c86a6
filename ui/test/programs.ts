/** The programs that tests start. They must have been built: `cargo build --workspace --bins`. */
import { join, resolve } from "node:path";

const TARGET = process.env.CARGO_TARGET_DIR ?? resolve(import.meta.dirname, "../../target");

/** The path of a program of this workspace, such as `fieldmark`. */
export function program(name: string): string {
  return join(TARGET, "debug", name);
}
