//! The structure of the source: no import cycles between the modules of a crate, no file that is too long, no duplicate type
//! name. `known.txt` lists the exceptions, and may only become shorter. `UPDATE_STRUCTURE=1` writes the list again.

#![expect(clippy::unwrap_used, reason = "a source that cannot be read fails the test")]

mod modules;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use fieldmark_tests::repository;
use modules::Crate;

/// Lines of a file.
const MAX_LINES: usize = 500;

/// The crates, each with its source folder.
fn crates() -> Vec<(String, PathBuf)> {
    let folder = repository("src-tauri/crates");
    let mut crates: Vec<(String, PathBuf)> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), entry.path().join("src")))
        .filter(|(_, sources)| sources.is_dir())
        .collect();
    crates.push(("desktop".into(), repository("src-tauri/src")));
    crates.sort();
    crates
}

/// Every Rust file below `folder`, tests included.
fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn long_files() -> BTreeSet<String> {
    let mut files = Vec::new();
    rust_files(&repository("src-tauri"), &mut files);
    rust_files(&repository("tests"), &mut files);
    let root = repository("");
    let long = files.into_iter().filter(|file| fs::read_to_string(file).unwrap().lines().count() > MAX_LINES);
    long.map(|file| format!("long {}", file.strip_prefix(&root).unwrap_or(&file).display())).collect()
}

/// The violations, one per line.
fn findings() -> BTreeSet<String> {
    let mut findings = long_files();
    let mut places: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (name, sources) in crates() {
        let read = Crate::read(&sources);
        assert!(read.modules().count() > 0, "{name} has no sources in {}", sources.display());
        findings.extend(read.in_cycles().into_iter().map(|module| format!("cycle {name}::{module}")));
        for (type_name, module) in read.types() {
            places.entry(type_name).or_default().insert(format!("{name}::{module}"));
        }
    }
    // Each crate has its own error and result type.
    for own in ["Error", "Result"] {
        places.remove(own);
    }
    findings.extend(places.into_iter().filter(|(_, places)| places.len() > 1).map(|(name, _)| format!("twice {name}")));
    findings
}

#[test]
fn the_source_is_in_order_but_for_what_is_known() {
    let path = repository("tests/tests/structure/known.txt");
    let found = findings();
    if std::env::var_os("UPDATE_STRUCTURE").is_some() {
        let lines: Vec<&str> = found.iter().map(String::as_str).collect();
        fs::write(&path, lines.join("\n") + "\n").unwrap();
    }
    let known: BTreeSet<String> = fs::read_to_string(&path).unwrap().lines().map(str::to_owned).collect();
    let new: Vec<&String> = found.difference(&known).collect();
    let mended: Vec<&String> = known.difference(&found).collect();
    assert!(new.is_empty(), "new: {new:#?}");
    assert!(mended.is_empty(), "in order now, to be removed from {}: {mended:#?}", path.display());
}

#[test]
fn a_cycle_is_found_and_what_is_none_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("lib.rs", "mod a; mod b; mod c; mod d; pub use a::{A, helper}; pub use b::inner::Inner as Renamed;");
    // Through a name that the root re-exports, and back by a path.
    write("a.rs", "use crate::Renamed; pub struct A(Renamed); pub fn helper() {}");
    write("b/mod.rs", "pub mod inner; pub struct Shared;");
    write("b/inner.rs", "pub struct Inner; fn f() { crate::a::helper(); }");
    // A test may use anything, and a child its parent's items.
    write("c.rs", "use crate::d::D; pub struct C; #[cfg(test)] mod tests { use crate::d::D; }");
    write(
        "d.rs",
        "pub struct D; #[cfg(test)] mod tests { use crate::c::C; } /* crate::c */ const TEXT: &str = \"crate::c\";",
    );
    let read = Crate::read(folder.path());
    assert_eq!(read.in_cycles(), BTreeSet::from(["a".to_owned(), "b::inner".to_owned()]));
    let types: Vec<String> = read.types().map(|(name, _)| name).collect();
    assert_eq!(types, ["A", "Shared", "Inner", "C", "D"]);
}
