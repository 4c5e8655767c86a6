//! The modules of a crate, one per file, and their dependencies.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use syn::visit::{self, Visit};
use syn::{Attribute, Item, ItemMod, UseTree, Visibility};

/// The path from the root of a crate: empty for the root itself.
type ModulePath = Vec<String>;

struct Module {
    syntax: syn::File,
    /// The names that it re-exports, and what they refer to.
    reexports: BTreeMap<String, ModulePath>,
}

pub struct Crate {
    modules: BTreeMap<ModulePath, Module>,
}

impl Crate {
    /// Reads the crate whose root is `lib.rs` or `main.rs` in `sources`. Code that is compiled only for tests is skipped.
    pub fn read(sources: &Path) -> Self {
        let mut modules = BTreeMap::new();
        for root in ["lib.rs", "main.rs"] {
            let file = sources.join(root);
            if file.is_file() {
                read_module(&file, sources, Vec::new(), &mut modules);
                break;
            }
        }
        let mut read = Self { modules };
        let reexports: Vec<_> = read
            .modules
            .iter()
            .map(|(path, module)| {
                let mut found = Vec::new();
                for item in &module.syntax.items {
                    if let Item::Use(item) = item
                        && !matches!(item.vis, Visibility::Inherited)
                    {
                        flatten(&item.tree, &mut Vec::new(), &mut found);
                    }
                }
                let names = found.into_iter().filter_map(|(names, alias)| Some((alias?, read.absolute(path, &names)?)));
                (path.clone(), names.collect::<BTreeMap<_, _>>())
            })
            .collect();
        for (path, names) in reexports {
            if let Some(module) = read.modules.get_mut(&path) {
                module.reexports = names;
            }
        }
        read
    }

    pub fn modules(&self) -> impl Iterator<Item = String> {
        self.modules.keys().map(|path| path.join("::"))
    }

    /// The public structs, enums, traits and type aliases, with their modules.
    pub fn types(&self) -> impl Iterator<Item = (String, String)> {
        self.modules.iter().flat_map(|(path, module)| {
            module.syntax.items.iter().filter_map(move |item| {
                let (visibility, name) = match item {
                    Item::Struct(item) => (&item.vis, &item.ident),
                    Item::Enum(item) => (&item.vis, &item.ident),
                    Item::Trait(item) => (&item.vis, &item.ident),
                    Item::Type(item) => (&item.vis, &item.ident),
                    _ => return None,
                };
                (!matches!(visibility, Visibility::Inherited)).then(|| (name.to_string(), path.join("::")))
            })
        })
    }

    /// The modules that depend on themselves through others. A module and its own children count as one: children may use the
    /// items of their parent.
    pub fn in_cycles(&self) -> BTreeSet<String> {
        let uses: BTreeMap<&ModulePath, BTreeSet<ModulePath>> =
            self.modules.iter().map(|(path, module)| (path, self.uses(path, module))).collect();
        let reaches = |from: &ModulePath, goal: &ModulePath| {
            let (mut seen, mut next) = (BTreeSet::new(), vec![from.clone()]);
            while let Some(path) = next.pop() {
                for used in uses.get(&path).into_iter().flatten() {
                    if used == goal {
                        return true;
                    }
                    if seen.insert(used.clone()) {
                        next.push(used.clone());
                    }
                }
            }
            false
        };
        self.modules.keys().filter(|path| reaches(path, path)).map(|path| path.join("::")).collect()
    }

    /// The modules that `module` at `path` uses, except its parents and children.
    fn uses(&self, path: &ModulePath, module: &Module) -> BTreeSet<ModulePath> {
        let mut paths = Paths::default();
        paths.visit_file(&module.syntax);
        let used = paths.found.iter().filter_map(|names| self.absolute(path, names));
        let used = used.map(|names| self.defining(names));
        used.filter(|used| !used.starts_with(path) && !path.starts_with(used)).collect()
    }

    /// `names` as written in the module at `path`, resolved from the root of the crate; `None` for another crate.
    fn absolute(&self, path: &ModulePath, names: &[String]) -> Option<ModulePath> {
        let (first, rest) = names.split_first()?;
        let mut absolute = match first.as_str() {
            "crate" => Vec::new(),
            "self" => path.clone(),
            "super" => path[..path.len().checked_sub(1)?].to_vec(),
            child => {
                let child = [path.clone(), vec![child.to_owned()]].concat();
                self.modules.contains_key(&child).then_some(child)?
            }
        };
        for name in rest {
            if name == "super" {
                absolute.pop()?;
            } else {
                absolute.push(name.clone());
            }
        }
        Some(absolute)
    }

    /// The module that defines this name, following re-exports.
    fn defining(&self, mut names: ModulePath) -> ModulePath {
        // Circular re-exports do not compile; the limit only protects this reader.
        for _ in 0..16 {
            let mut module: ModulePath = Vec::new();
            for name in &names {
                let child = [module.clone(), vec![name.clone()]].concat();
                if !self.modules.contains_key(&child) {
                    break;
                }
                module = child;
            }
            let passed_on = names.get(module.len()).and_then(|name| self.modules.get(&module)?.reexports.get(name));
            match passed_on {
                Some(target) => names = [target.clone(), names[module.len() + 1..].to_vec()].concat(),
                None => return module,
            }
        }
        names
    }
}

fn read_module(file: &Path, folder: &Path, path: ModulePath, modules: &mut BTreeMap<ModulePath, Module>) {
    let Ok(text) = fs::read_to_string(file) else { return };
    let syntax = syn::parse_file(&text).unwrap();
    for item in &syntax.items {
        let Item::Mod(ItemMod { attrs, ident, content: None, .. }) = item else { continue };
        if is_for_tests(attrs) {
            continue;
        }
        let name = ident.to_string();
        let child = [path.clone(), vec![name.clone()]].concat();
        let (flat, nested) = (folder.join(format!("{name}.rs")), folder.join(&name).join("mod.rs"));
        read_module(if flat.is_file() { &flat } else { &nested }, &folder.join(&name), child, modules);
    }
    modules.insert(path, Module { syntax, reexports: BTreeMap::new() });
}

fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Meta>().is_ok_and(|condition| condition.path().is_ident("test"))
    })
}

/// The paths in a file outside of its tests.
#[derive(Default)]
struct Paths {
    found: Vec<Vec<String>>,
}

impl<'ast> Visit<'ast> for Paths {
    fn visit_item(&mut self, item: &'ast Item) {
        let attributes = match item {
            Item::Mod(item) => &item.attrs,
            Item::Fn(item) => &item.attrs,
            Item::Impl(item) => &item.attrs,
            Item::Use(item) => &item.attrs,
            _ => return visit::visit_item(self, item),
        };
        if is_for_tests(attributes) {
            return;
        }
        if let Item::Use(item) = item {
            // A re-export counts as used by the modules that name it.
            if matches!(item.vis, Visibility::Inherited) {
                let mut found = Vec::new();
                flatten(&item.tree, &mut Vec::new(), &mut found);
                self.found.extend(found.into_iter().map(|(names, _)| names));
            }
        } else {
            visit::visit_item(self, item);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.found.push(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        visit::visit_path(self, path);
    }
}

/// The names that a `use` imports, each with its local name; `None` for a glob import.
fn flatten(tree: &UseTree, before: &mut Vec<String>, found: &mut Vec<(Vec<String>, Option<String>)>) {
    match tree {
        UseTree::Path(part) => {
            before.push(part.ident.to_string());
            flatten(&part.tree, before, found);
            before.pop();
        }
        UseTree::Name(name) if name.ident == "self" => found.push((before.clone(), before.last().cloned())),
        UseTree::Name(name) => {
            let name = name.ident.to_string();
            found.push(([before.clone(), vec![name.clone()]].concat(), Some(name)));
        }
        UseTree::Rename(renamed) => {
            found.push(([before.clone(), vec![renamed.ident.to_string()]].concat(), Some(renamed.rename.to_string())));
        }
        UseTree::Glob(_) => found.push((before.clone(), None)),
        UseTree::Group(group) => group.items.iter().for_each(|tree| flatten(tree, before, found)),
    }
}
