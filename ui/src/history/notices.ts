/** Diagnoses of a run as text. */
import type { Diagnosis, Notice } from "../api/bindings";
import { words } from "../messages";

export function noticesOf(diagnoses: readonly Diagnosis[]): Notice[] {
  return diagnoses.map(({ finding, changes }) => {
    const { title, note } = words.diagnoses.finding(finding);
    return { finding: `${title}. ${note}`, changes: changes.map((change) => words.diagnoses.change(change)) };
  });
}
