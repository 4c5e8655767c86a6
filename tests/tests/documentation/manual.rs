//! Every manual page has the customary sections, and `man` formats it without complaints.

use std::fs;
use std::process::Command;

use fieldmark_tests::binary;

const SECTIONS: [&str; 9] =
    ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS", "ENVIRONMENT", "FILES", "EXAMPLES", "SEE ALSO"];

#[test]
fn manual_pages_have_the_customary_sections() {
    let folder = tempfile::tempdir().unwrap();
    assert!(Command::new(binary("fieldmark")).args(["man", "--out"]).arg(folder.path()).status().unwrap().success());
    let mut pages = 0;
    for entry in fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        let source = fs::read_to_string(&path).unwrap();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        // Pages below a command have their examples there.
        let is_below = name.matches('-').count() > 1;
        let sections = SECTIONS.iter().filter(|section| !is_below || **section != "EXAMPLES");
        let places: Vec<_> = sections
            .map(|section| {
                let heading =
                    if section.contains(' ') { format!("\n.SH \"{section}\"\n") } else { format!("\n.SH {section}\n") };
                source.find(&heading).unwrap_or_else(|| panic!("{name} has no section {section}"))
            })
            .collect();
        assert!(places.is_sorted(), "{name}: the order of sections");
        let formatted = Command::new("man")
            .env("MANROFFOPT", "-Wbreak")
            .args(["--warnings", "-E", "UTF-8", "-l"])
            .arg(&path)
            .output()
            .unwrap();
        assert!(formatted.status.success() && formatted.stderr.is_empty(), "{name}: {formatted:?}");
        pages += 1;
    }
    assert!(pages > 40, "{pages} pages");
}
