//! Files as the programs write them, and odd ones.

use domain::recipe::Recipe;

use super::*;

/// Labels, shapes, attributes, remarks.
fn told(imported: Result<ImportedRecipe>) -> String {
    let ImportedRecipe { recipe, source, remarks } = match imported {
        Ok(imported) => imported,
        Err(error) => return error.to_string(),
    };
    assert_eq!(recipe.problems(), []);
    let mut lines = vec![format!(
        "{source:?}, {}",
        file::write(&recipe).unwrap().trim().trim_start_matches("# A recipe of Fieldmark.\n\n")
    )];
    lines.extend(remarks.iter().map(|remark| format!("! {remark}")));
    lines.join("\n")
}

macro_rules! sample {
    ($name:literal) => {
        told(import($name, &decode(include_bytes!(concat!("samples/", $name))).unwrap(), None))
    };
}

#[test]
fn labels_of_cvat() {
    insta::assert_snapshot!(sample!("cvat-raw.json"));
    insta::assert_snapshot!(sample!("cvat-task.json"));
}

#[test]
fn configurations_of_label_studio() {
    insta::assert_snapshot!(sample!("label-studio.xml"));
    insta::assert_snapshot!(sample!("label-studio-choices.xml"));
}

#[test]
fn categories_of_coco() {
    insta::assert_snapshot!(sample!("coco.json"));
    insta::assert_snapshot!(sample!("coco-categories.json"));
}

#[test]
fn names_of_yolo() {
    insta::assert_snapshot!(sample!("data.yaml"));
    insta::assert_snapshot!(sample!("data-map.yaml"));
}

#[test]
fn plain_lists() {
    insta::assert_snapshot!(sample!("labels.txt"));
    insta::assert_snapshot!(sample!("numbered.names"));
}

#[test]
fn a_recipe_file_and_files_of_windows() {
    let recipe = Recipe::find_these("cat: meows, dog").unwrap();
    let text = file::write(&recipe).unwrap();
    assert_eq!(import("x.txt", &text, None).unwrap().recipe, recipe);
    let utf16: Vec<u8> =
        [0xff, 0xfe].into_iter().chain("gato\r\nñandú\r\n".encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let read = import("/a/b\\aves.txt", &decode(&utf16).unwrap(), None).unwrap().recipe;
    assert_eq!(read.labels.iter().map(|label| label.name.as_str()).collect::<Vec<_>>(), ["gato", "ñandú"]);
    assert_eq!(read.name, "aves");
    assert_eq!(decode(b"caf\xe9"), Err(RecipeFileError::NotText));
}

#[test]
fn what_is_wrong_is_said() {
    use RecipeSource::{Coco, Cvat, LabelStudio, List, RecipeFile, Yolo};
    let texts = [
        (None, ""),
        (None, "[\n  {\"name\": \"cat\",}\n]"),
        (None, "{\"images\": []}"),
        (None, "<View>\n  <RectangleLabels>\n</View>"),
        (None, "<View><Image name=\"image\" value=\"$image\"/></View>"),
        (None, "names: [cat\nnc: 1"),
        (None, "path: here\nnames: []"),
        (Some(Coco), "[1, 2]"),
        (Some(Cvat), "\"cat\""),
        (Some(Yolo), "cat"),
        (Some(List), "\n# only a comment\n"),
        (Some(RecipeFile), "name = "),
        (Some(LabelStudio), "<!DOCTYPE x [<!ENTITY a \"aa\">]><View>&a;</View>"),
    ];
    let told = texts.map(|(source, text)| format!("{text}\n=> {}", told(import("labels", text, source))));
    insta::assert_snapshot!(told.join("\n\n"));
}

#[test]
fn a_file_that_is_nested_too_deeply_is_refused() {
    let nested: String = (1..3_000).map(|depth| " ".repeat(depth) + "a:\n").collect();
    let told = told(import("data.yaml", &format!("names:\n{nested}"), None));
    assert_eq!(told, "line 33, column 33: the file is nested too deeply");
}

#[test]
fn ten_thousand_labels_are_read_at_once() {
    let list = (0..10_000).map(|number| format!("label {number}")).collect::<Vec<_>>().join("\n");
    assert_eq!(import("x.txt", &list, None).unwrap().recipe.labels.len(), 10_000);
}

#[test]
fn one_unreadable_entry_does_not_refuse_the_others() {
    let text = r#"{"categories":[{"id":1,"name":"cat"},{"id":4,"name":5}]}"#;
    assert_eq!(told(import("c.json", text, None)).lines().last(), Some("! category 4 has no name and is not imported"));
    let list = told(import("x.txt", "- cat\n- \u{202e}god\n", None));
    assert!(list.contains("name = \"cat\"") && list.ends_with("it becomes god"), "{list}");
    assert_eq!(decode(&[0xff, 0xfe, b'g', 0, b'a']), Err(RecipeFileError::NotText));
}

#[test]
fn any_text_is_read_or_refused() {
    for text in [
        "{",
        "[]",
        "[[]]",
        "{\"categories\": 3}",
        "[{}]",
        "names:\n",
        "names: cat",
        "<a/>",
        "\u{feff}",
        "\u{0}",
        "names:\n  a: {b: c}\n  ? [x]\n  : y",
    ] {
        for source in RecipeSource::ALL.into_iter().map(Some).chain([None]) {
            let _ = import("x", text, source);
        }
    }
}
