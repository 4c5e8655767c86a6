//! Recipes from the outside: what a recipe asks about the image arrives as one image tag, and the command line edits recipes.

use domain::annotation::{AttributeValue, Shape};
use domain::model::ModelId;
use domain::plan::{ImageSelection, RunRequest};
use domain::recipe::{IMAGE_LABEL, Recipe};
use engine::Recipes;
use fieldmark_tests::bench::{Bench, COMPLETED};
use simulator::{Options, Simulator};

const KEY: &str = "sk-any";
const RECIPE: &str = r#"
name = "Drawings"
shapes = ["box"]
language = "es"

[[labels]]
name = "red"

[[labels]]
name = "green"
parent = "red"

[[attributes]]
name = "kinds"
of = "image"
kind = "several_of"
options = ["drawing", "photo"]
required = true

[[attributes]]
name = "large"
kind = "yes_no"
required = true
"#;

#[tokio::test(flavor = "multi_thread")]
async fn attributes_of_the_image_become_one_image_tag_and_a_run_keeps_its_version() {
    let server = Simulator::start(Options::default()).await.unwrap();
    let bench = Bench::with_pictures(&server.url(), KEY, 3);
    let recipe = Recipes::import("drawings.recipe.toml", RECIPE, None).unwrap().recipe;
    let saved = bench.library.recipes.save(recipe.clone(), None).await.unwrap();
    let request = RunRequest::of(ImageSelection::All, saved.id, ModelId("claude-sonnet-5-5".into()));
    let run = bench.library.runs.start(&request).await.unwrap();
    assert_eq!(bench.end_of(run).await, COMPLETED);
    for card in bench.cards() {
        let (of_image, others): (Vec<_>, Vec<_>) =
            card.annotations.into_iter().partition(|annotation| annotation.label == IMAGE_LABEL);
        let [of_image] = of_image.as_slice() else { panic!("{of_image:?}") };
        assert_eq!(of_image.shape, Shape::ImageTag);
        assert!(matches!(of_image.attributes["kinds"], AttributeValue::Several(_)), "{of_image:?}");
        assert!(others.iter().all(|annotation| annotation.attributes.contains_key("large")), "{others:?}");
    }
    let edited = Recipe { instructions: "Look twice.".into(), ..recipe };
    bench.library.recipes.save(edited, Some(saved.id)).await.unwrap();
    let versions = bench.library.recipes.versions(saved.id).unwrap();
    let runs: Vec<_> = versions.iter().map(|version| (version.saved.version, version.run_count)).collect();
    assert_eq!(runs, [(2, 0), (1, 1)]);
    server.stop().await;
}

#[cfg(unix)]
#[test]
fn an_editor_changes_a_recipe_and_what_is_wrong_is_not_saved() {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;
    use std::process::Output;

    let bench = Bench::new();
    let editor = |name: &str, script: &str| {
        let path = bench.folder.path().join(name);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    };
    let edit = |editor: &std::path::Path| -> Output {
        let mut command = bench.fieldmark("http://127.0.0.1:9", KEY);
        command.args(["recipes", "edit", "Alt text"]).env_remove("VISUAL").env("EDITOR", editor).output().unwrap()
    };
    let names = || {
        let all = bench.library.recipes.all().unwrap().into_iter();
        all.filter(|saved| !saved.is_builtin).map(|saved| saved.recipe.name).collect::<Vec<_>>()
    };
    let broken = edit(&editor("broken", "echo nonsense >> \"$1\""));
    assert_eq!(broken.status.code(), Some(2));
    let told = String::from_utf8_lossy(&broken.stderr).into_owned();
    assert!(told.contains("line ") && told.contains("Go back to the editor?"), "{told}");
    let (_, kept) = told.split_once("your text is kept in ").unwrap();
    let kept = std::path::Path::new(kept.lines().next().unwrap());
    assert!(fs::read_to_string(kept).unwrap().contains("nonsense"));
    fs::remove_dir_all(kept.parent().unwrap()).unwrap();
    assert_eq!(names(), [""; 0]);
    let unchanged = edit(&editor("unchanged", "exit 0"));
    assert!(String::from_utf8_lossy(&unchanged.stdout).contains("unchanged"));
    let failing = edit(&editor("failing", "exit 3"));
    assert_eq!(failing.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&failing.stderr).contains("the editor ended with exit status: 3; nothing was saved")
    );
    assert_eq!(names(), [""; 0]);
    // A changed built-in recipe is one of the user.
    let changed =
        edit(&editor("changed", "sed 's/at most 125/at most 100/' \"$1\" > \"$1.new\" && mv \"$1.new\" \"$1\""));
    assert_eq!(changed.status.code(), Some(0), "{changed:?}");
    assert_eq!(names(), ["Alt text 2"]);
    // A path with a space, in quotes and with an argument.
    let spaced = editor("an editor", "[ \"$1\" = --wait ] && sed -i 's/at most 100/at most 90/' \"$2\"");
    let quoted = format!("'{}' --wait", spaced.display());
    let mut command = bench.fieldmark("http://127.0.0.1:9", KEY);
    let edited =
        command.args(["recipes", "edit", "Alt text 2"]).env_remove("VISUAL").env("EDITOR", quoted).output().unwrap();
    assert_eq!(edited.status.code(), Some(0), "{edited:?}");
    assert!(String::from_utf8_lossy(&edited.stdout).contains("version 2"), "{edited:?}");
}
