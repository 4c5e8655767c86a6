//! The tour of docs/simulator.md: the test runs the commands of the page, not a copy of them.

#![expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the test")]

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use domain::annotation::Shape;
use domain::layers::LayerScope;
use domain::query::ImageQuery;
use engine::Library;
use fieldmark_tests::bench::{ENVIRONMENT, surroundings};
use fieldmark_tests::{binary, repository};

const PORT: &str = "8317";

#[test]
fn the_tour_does_what_the_page_says() {
    let tour = fs::read_to_string(repository("docs/simulator.md")).unwrap();
    let commands = tour.split("```sh\n").nth(1).unwrap().split("```").next().unwrap();
    assert!(commands.contains(PORT) && commands.contains("build/tour"), "{commands}");

    // A simulator on the same port and an earlier report stay unchanged.
    let folder = tempfile::tempdir().unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let report = folder.path().join("tour");
    let commands = commands.replace(PORT, &port).replace("build/tour", report.to_str().unwrap());
    // `kill %1` needs the job control of an interactive shell; the simulator needs a moment to listen.
    let listening = format!("&\nuntil (exec 3<>/dev/tcp/127.0.0.1/{port}) 2>/dev/null; do sleep 0.1; done\n");
    let script = format!("set -em\n{}", commands.replacen("&\n", &listening, 1));
    let programs = binary("fieldmark");
    let path = [programs.parent().unwrap().to_str().unwrap(), &std::env::var("PATH").unwrap()].join(":");
    let mut shell = Command::new("bash");
    for variable in ENVIRONMENT {
        shell.env_remove(variable);
    }
    let told = shell
        .args(["-c", &script])
        .current_dir(repository(""))
        .env("PATH", path)
        .env("FIELDMARK_LIBRARY", folder.path().join("library"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&[told.stdout, told.stderr].concat()).into_owned();
    assert!(told.status.success(), "{script}\n{said}");
    for part in [
        "Simulated Messages API",
        "4 images, recipe red, green, blue, yellow, model Claude Sonnet 5.5",
        "sends   4 images",
    ] {
        assert!(said.contains(part), "{part}\n{said}");
    }
    assert!(report.join("report.html").is_file(), "{said}");
    // One of the boxes, as drawn.
    assert_box(folder.path(), "table-1.png", "blue", [640.0, 300.0, 980.0, 820.0]);
}

fn assert_box(folder: &Path, name: &str, label: &str, drawn: [f64; 4]) {
    let library = Library::open(&folder.join("library/library.sqlite"), surroundings(&[])).unwrap();
    let ids = library.images.ids(&ImageQuery::default()).unwrap();
    let cards = library.images.cards(&ids, &LayerScope::All).unwrap();
    let card = cards.iter().find(|card| card.name == name).unwrap();
    let annotation = card.annotations.iter().find(|annotation| annotation.label == label).unwrap();
    let Shape::Box { rect } = annotation.shape else { panic!("a box: {annotation:?}") };
    let found = [rect.x1, rect.y1, rect.x2, rect.y2];
    // Its right and bottom edges are drawn too, so they are one pixel further.
    assert!(found.iter().zip(drawn).all(|(found, drawn)| (found - drawn).abs() <= 2.0), "{found:?}");
}
