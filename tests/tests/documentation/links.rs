//! Relative links of every page lead to files and headings that exist, and every picture is shown somewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use fieldmark_tests::repository;

use crate::pages;

/// The anchor of a heading, as GitHub makes it.
fn anchor(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().replace('`', "");
    // A link is its text.
    let text = regex::Regex::new(r"\[([^\]]*)\]\([^)]*\)").unwrap().replace_all(&text, "$1").to_lowercase();
    let kept = text.chars().filter(|letter| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_'));
    kept.map(|letter| if letter == ' ' { '-' } else { letter }).collect()
}

fn anchors(page: &Path) -> BTreeSet<String> {
    let (_, prose) = pages::read(page);
    let mut counts = BTreeMap::<String, u32>::new();
    let headings = prose.lines().filter(|line| line.starts_with('#')).map(anchor);
    let numbered = headings.map(|anchor| {
        let count = counts.entry(anchor.clone()).or_default();
        *count += 1;
        if *count == 1 { anchor } else { format!("{anchor}-{}", *count - 1) }
    });
    numbered.collect()
}

#[test]
fn links_lead_somewhere() {
    let link = regex::Regex::new(r"\]\(([^)\s]+)\)").unwrap();
    let mut broken = Vec::new();
    let mut linked = BTreeSet::<PathBuf>::new();
    for page in pages::all() {
        let (_, prose) = pages::read(&page);
        for (_, [target]) in link.captures_iter(&prose).map(|found| found.extract()) {
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            let (path, heading) = target.split_once('#').unwrap_or((target, ""));
            let file = if path.is_empty() { page.clone() } else { page.parent().unwrap().join(path) };
            let is_there = file.exists() && (heading.is_empty() || anchors(&file).contains(heading));
            linked.extend(file.canonicalize());
            if !is_there {
                broken.push(format!("{}: {target}", page.strip_prefix(repository("")).unwrap_or(&page).display()));
            }
        }
    }
    assert!(broken.is_empty(), "links that lead nowhere:\n{}", broken.join("\n"));
    let pictures = fs::read_dir(repository("docs/pictures")).unwrap();
    let unused =
        pictures.map(|entry| entry.unwrap().path().canonicalize().unwrap()).filter(|path| !linked.contains(path));
    assert_eq!(unused.collect::<Vec<_>>(), Vec::<PathBuf>::new(), "pictures that no page shows");
}

#[test]
fn headings_have_the_anchors_of_github() {
    assert_eq!(anchor("## Behind a reverse proxy with TLS"), "behind-a-reverse-proxy-with-tls");
    assert_eq!(anchor("## COCO results: `coco-detections`"), "coco-results-coco-detections");
    assert_eq!(anchor("## Key rejected, 401"), "key-rejected-401");
}
