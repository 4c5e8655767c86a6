import type { LastPublication, PublicationTarget, Published } from "../../api/bindings";
import { count, moment } from "../format";
import { here } from "../place.svelte";

function sent({ images, annotations, removed_images }: Published): string {
  const removed = removed_images === 0 ? "" : `, ${count(removed_images)} deleted`;
  if (images === 0 && removed_images === 0) return "up to date";
  return `${count(images)} ${images === 1 ? "image" : "images"} with ${count(annotations)} annotations${removed}`;
}

/** The page about publishing to a database. */
export const database = {
  title: "Database",
  note: () =>
    `Publish to a PostgreSQL database, such as Supabase, to share results with a team. Only what is new or changed is sent: image names, paths, hashes, sizes and dates; annotations with decisions; runs, costs and recipes. Photos stay ${here("on this machine", "on the server")}.`,
  connection: "Connection string",
  placeholder: "postgres://user:password@host/database",
  connectionNote:
    "Kept in the system keychain. For Supabase: the project’s address, a space and the service role key, after its SQL editor has run the output of `fieldmark publish --schema` once.",
  connect: "Connect",
  disconnect: "Disconnect",
  from: ({ server, place }: PublicationTarget) =>
    place === "keychain"
      ? server
      : place === "session"
        ? `${server}, until ${here("Fieldmark is closed", "the server stops")} because no keychain is available`
        : `${server}, from the environment`,
  target: "Database",
  entered: "Entered here",
  publish: "Publish now",
  publishing: "Publishing…",
  last: "Last published",
  never: "Not yet",
  outcome: ({ ended_at, outcome }: LastPublication) =>
    outcome.kind === "published" ? `${moment(ended_at)}: ${sent(outcome.published)}` : `${moment(ended_at)}: failed`,
  afterRun: "Publish after each run",
  afterRunNote: "To the database whose connection string is entered here.",
};
