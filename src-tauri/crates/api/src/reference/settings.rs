//! The page docs/reference/settings.md: every key of `settings.toml`, as its type and its documentation say. `UPDATE_DOCS=1` writes
//! it anew.

use std::fmt::Write;
use std::path::Path;

use domain::prices::PriceSettings;
use domain::settings::{EndpointSettings, ModelSettings, ProviderSettings, Settings};
use serde::Serialize;
use serde_json::Value;

const HEAD: &str = "\
# Settings: every key

<!-- Written from the types of the settings: make docs -->

All keys of `settings.toml`. A key that is not set has its default; *not set* means that there is none, or that it follows from
something else. [settings.md](../settings.md) says where the file is, what comes before it, and what the settings do.
`fieldmark doctor` names the file and what is wrong with it.
";

/// A field as the TypeScript types declare it.
struct Field {
    name: String,
    kind: String,
    docs: String,
}

/// The fields of a type, and the values of an enum.
struct Types(String);

impl Types {
    fn declaration(&self, name: &str) -> &str {
        let begin = format!("export type {name} = ");
        let rest = &self.0[self.0.find(&begin).unwrap_or_else(|| panic!("no type {name}")) + begin.len()..];
        &rest[..rest.find("\n\n").unwrap_or(rest.len())]
    }

    fn fields(&self, name: &str) -> Vec<Field> {
        let mut fields = Vec::new();
        let mut docs = String::new();
        for line in self.declaration(name).lines() {
            let line = line.trim();
            if let Some((name, kind)) =
                line.strip_suffix(',').and_then(|line| line.split_once(": ")).filter(|_| !line.starts_with(['*', '/']))
            {
                let name = name.trim_end_matches('?').to_owned();
                let kind = kind.trim_end_matches(" | null").to_owned();
                fields.push(Field { name, kind, docs: std::mem::take(&mut docs) });
            } else if line.starts_with(['*', '/']) {
                let text = line.trim_start_matches(['/', '*']).trim_end_matches("*/").trim();
                docs = [docs.as_str(), text].join(" ").trim().to_owned();
            }
        }
        fields
    }

    /// The kind of a value in words, with the values of an enum.
    fn kind(&self, field: &Field, range: bool) -> String {
        let values: Vec<&str> = match field.kind.as_str() {
            "string" => return "text".into(),
            "string[]" => return "list of texts".into(),
            "boolean" => return "`true` or `false`".into(),
            "Dollars" => return "dollars".into(),
            "CalendarDate" => return "date".into(),
            "number" => {
                let range = Settings::range_of(&field.name).filter(|_| range);
                return range.map_or("number".into(), |range| format!("{} to {}", range.start(), range.end()));
            }
            name => self.declaration(name).split('"').skip(1).step_by(2).collect(),
        };
        values.iter().map(|value| format!("`\"{value}\"`")).collect::<Vec<_>>().join(", ")
    }

    fn table(&self, title: &str, name: &str, defaults: &Value, page: &mut String) {
        writeln!(page, "\n## {title}\n\n| key | value | default | meaning |\n|---|---|---|---|").unwrap();
        for field in self.fields(name).iter().filter(|field| !is_section(field)) {
            let default = match &defaults[&field.name] {
                Value::Null => "not set".to_owned(),
                Value::Object(_) => "required".to_owned(),
                Value::Array(values) if values.is_empty() => "`[]`".to_owned(),
                value => format!("`{value}`"),
            };
            assert!(!field.docs.is_empty(), "{title} {} has no documentation", field.name);
            let docs = field.docs.replace("`None` for", "not set:").replace("`None` ", "not set: ").replace('|', "\\|");
            let kind = self.kind(field, name != "PriceSettings");
            writeln!(page, "| `{}` | {kind} | {default} | {docs} |", field.name).unwrap();
        }
    }
}

/// Whether it has a table of its own.
fn is_section(field: &Field) -> bool {
    field.kind.trim_end_matches("[]").ends_with("Settings") || field.kind == "Hooks"
}

fn json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap()
}

fn page() -> String {
    let types = Types(crate::typescript_client().unwrap());
    let settings = json(&Settings::default());
    let mut page = HEAD.to_owned();
    types.table("At the top", "Settings", &settings, &mut page);
    for field in types.fields("Settings").iter().filter(|field| is_section(field) && !field.kind.ends_with("[]")) {
        types.table(&format!("`[{}]`", field.name), &field.kind, &settings[&field.name], &mut page);
    }
    let provider = json(&ProviderSettings::new(""));
    let required = |mut value: Value, keys: &[&str]| {
        for key in keys {
            value[*key] = Value::Object(serde_json::Map::new());
        }
        value
    };
    types.table("`[[providers]]`", "ProviderSettings", &required(provider.clone(), &["id"]), &mut page);
    types.table("`limits` of a provider or endpoint, per minute", "LimitSettings", &provider["limits"], &mut page);
    let endpoint = required(json(&EndpointSettings::new("", "")), &["name", "base_url"]);
    types.table("`[[providers.endpoints]]`", "EndpointSettings", &endpoint, &mut page);
    types.table(
        "`[[providers.models]]`",
        "ModelSettings",
        &required(json(&ModelSettings::new("")), &["id"]),
        &mut page,
    );
    types.table("`[[prices]]`", "PriceSettings", &required(json(&PriceSettings::default()), &["id"]), &mut page);
    page
}

#[test]
fn docs_list_every_setting() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../docs/reference/settings.md");
    let page = page();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    assert!(std::fs::read_to_string(&path).unwrap() == page, "{}: run `make docs`", path.display());
}
