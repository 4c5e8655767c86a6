// Adds to the page of licenses that `cargo about` made (its path is the argument) what is in the programs beside crates: the
// libraries and the font of the window, by ui/package-lock.json and ui/node_modules, and the built-in detector.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const page = process.argv[2];
const escaped = (text) => text.replace(/[&<>]/gu, (each) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[each]);

/** The texts of the licenses in a folder. */
function textsIn(folder) {
  const names = readdirSync(folder).filter((name) => /^(licen[cs]e|copying|notice)/iu.test(name));
  return names.sort().map((name) => readFileSync(join(folder, name), "utf8").trim());
}

/** What the window's files are made of: no tools, and nothing that is optional and not there. */
function libraries() {
  const { packages } = JSON.parse(readFileSync(join(root, "ui", "package-lock.json"), "utf8"));
  return Object.keys(packages)
    .filter((path) => path !== "" && !packages[path].dev && existsSync(join(root, "ui", path)))
    .map((path) => {
      const folder = join(root, "ui", path);
      const { name, version, license, author } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
      const texts = textsIn(folder);
      if (!license && texts.length === 0) throw new Error(`${name} says nothing about its license`);
      // Some packages have either the name of their license or its text.
      const by = typeof author === "object" ? author.name : author;
      if (texts.length === 0) texts.push([license, by].filter(Boolean).join(", by "));
      return { title: `${name} ${version}${license ? ` (${license})` : ""}`, texts };
    })
    .sort((one, other) => one.title.localeCompare(other.title));
}

const detector = { title: "NanoDet, the built-in detector (Apache-2.0)", texts: textsIn(join(root, "models")) };
const added = [...libraries(), detector].map(
  ({ title, texts }) => `<h3>${escaped(title)}</h3>\n${texts.map((text) => `<pre>${escaped(text)}</pre>`).join("\n")}`,
);
const html = readFileSync(page, "utf8");
const end = html.lastIndexOf("</body>");
if (end < 0) throw new Error(`${page} is no page`);
writeFileSync(
  page,
  `${html.slice(0, end)}<h2>Libraries and font of the window, and the built-in detector</h2>\n${added.join("\n")}\n  ${html.slice(end)}`,
);
