//! The page docs/reference/api.md, from the declarations. `UPDATE_DOCS=1` writes it anew.

mod settings;

use std::fmt::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};

use specta::Types;
use specta::datatype::{DataType, NamedDataType};
use specta_typescript::{Exporter, FrameworkExporter, Typescript};

use crate::ErrorCode;
use crate::operations;
use crate::router::{Access, Signature};
use crate::subscriptions::SUBSCRIPTIONS;

const HEAD: &str = "\
# The API of the window

<!-- Written from the declarations of the `api` crate: make docs -->

Every operation that a window can call: the desktop app over IPC, a browser over HTTP. [serve.md](../serve.md#for-programs) says
how a program calls them, and [bindings.ts](../../ui/src/api/bindings.ts) defines the types. Arguments are a JSON object; one
whose type ends in `| null` may be missing. The names of arguments and operations are those of HTTP. Operations that write are
refused by a server that was started with `--read-only`.
";

fn section(
    title: &str,
    rows: &[(&'static str, Option<Access>, &'static [&'static str], Signature)],
    exporter: &FrameworkExporter<'_>,
) -> String {
    let mut page = format!("\n## {title}\n");
    for (name, access, docs, signature) in rows {
        let docs = docs.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ");
        let reference = |kind: &DataType| exporter.reference(kind).unwrap();
        let input: Vec<String> =
            signature.input.iter().map(|(argument, kind)| format!("{argument}: {}", reference(kind))).collect();
        let input = if input.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", input.join(", ")) };
        let writes = if *access == Some(Access::Write) { " Writes." } else { "" };
        writeln!(page, "\n### `{name}`\n").unwrap();
        if !docs.is_empty() || !writes.is_empty() {
            writeln!(page, "{}\n", format!("{docs}{writes}").trim()).unwrap();
        }
        writeln!(page, "```ts\n{input} => {}\n```", reference(&signature.output)).unwrap();
    }
    page
}

fn page() -> String {
    let mut types = Types::default();
    let mut calls = Vec::new();
    for operation in operations::all() {
        calls.push((operation.name, Some(operation.access), operation.docs, (operation.signature)(&mut types)));
    }
    let mut followed = Vec::new();
    for subscription in SUBSCRIPTIONS {
        followed.push((subscription.name, None, subscription.docs, (subscription.signature)(&mut types)));
    }
    types.register_mut::<crate::ApiError>();
    let written = Arc::new(Mutex::new(String::new()));
    let page = Arc::clone(&written);
    Exporter::from(Typescript::default())
        .framework_runtime(move |exporter| {
            let mut page = page.lock().unwrap();
            page.push_str(&section("Operations", &calls, &exporter));
            page.push_str(&section("Subscriptions", &followed, &exporter));
            Ok("".into())
        })
        .export(&types, specta_serde::Format)
        .unwrap();
    let body = written.lock().unwrap();
    format!("{HEAD}{body}{}", errors(&types))
}

/// The codes of errors, with what is said of them.
fn errors(types: &Types) -> String {
    let mut page = "\n## Errors\n\nA failed call has a `code` and a `message`. The codes:\n\n".to_owned();
    let is_code =
        |named: &&NamedDataType| named.name == std::any::type_name::<ErrorCode>().rsplit("::").next().unwrap();
    let codes = types.into_unsorted_iter().find(is_code).unwrap();
    let Some(DataType::Enum(codes)) = &codes.ty else { panic!("the codes are no enum") };
    for (name, variant) in &codes.variants {
        let code = serde_json::to_value(name.as_ref()).unwrap();
        let docs = variant.docs.trim();
        let code = snake(code.as_str().unwrap());
        writeln!(page, "- `{code}`{}{docs}", if docs.is_empty() { "" } else { ": " }).unwrap();
    }
    page
}

fn snake(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

#[test]
fn docs_list_every_operation() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../docs/reference/api.md");
    let page = page();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    assert!(std::fs::read_to_string(&path).unwrap() == page, "{}: run `make docs`", path.display());
}
