//! Files that say what the labels of a dataset become: CSV with the columns `from` and `to`, or TOML with a key per label.

use domain::dataset_import::labels::LabelMapping;
use serde::Deserialize;

use crate::{EngineError, Result};

/// A row of a CSV file.
#[derive(Deserialize)]
struct Row {
    from: String,
    #[serde(default)]
    to: Option<String>,
}

/// The mapping in a file with this name. An empty label, or `false` in TOML, leaves annotations out.
///
/// # Errors
/// [`EngineError::LabelMap`] if the text is neither, or a label is given twice.
pub fn label_map(name: &str, text: &str) -> Result<Vec<LabelMapping>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let wrong = |problem: String| EngineError::LabelMap { name: name.to_owned(), problem };
    let is_csv = name.to_ascii_lowercase().ends_with(".csv");
    let mapping = if is_csv { from_csv(text) } else { from_toml(text) }.map_err(wrong)?;
    for (place, each) in mapping.iter().enumerate() {
        if mapping[..place].iter().any(|other| other.from == each.from) {
            return Err(wrong(format!("{:?} is in it twice", each.from)));
        }
    }
    Ok(mapping)
}

fn from_csv(text: &str) -> std::result::Result<Vec<LabelMapping>, String> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let rows = reader.deserialize::<Row>().map(|row| {
        row.map(|row| LabelMapping { from: row.from, to: row.to.filter(|to| !to.is_empty()) })
            .map_err(|error| format!("{error}; expected the columns from,to"))
    });
    rows.collect()
}

fn from_toml(text: &str) -> std::result::Result<Vec<LabelMapping>, String> {
    let document: toml_edit::DocumentMut = text.parse().map_err(|error: toml_edit::TomlError| error.to_string())?;
    let table = document.get("labels").and_then(|labels| labels.as_table_like()).unwrap_or(document.as_table());
    let entries = table.iter().map(|(from, to)| {
        let to = match (to.as_str(), to.as_bool()) {
            (Some(""), _) | (None, Some(false)) => None,
            (Some(to), _) => Some(to.to_owned()),
            (None, _) => return Err(format!("{from} must be a label in quotes, or false to leave it out")),
        };
        Ok(LabelMapping { from: from.to_owned(), to })
    });
    entries.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mapping_is_the_same_in_both_forms() {
        let wanted = [("light", Some("Lamp")), ("my, box", Some("Box")), ("junk", None), ("dust", None)];
        let wanted: Vec<LabelMapping> =
            wanted.into_iter().map(|(from, to)| LabelMapping { from: from.into(), to: to.map(Into::into) }).collect();
        let csv = "\u{feff}from,to\nlight, Lamp\n\"my, box\",Box\njunk,\ndust,\n";
        assert_eq!(label_map("map.CSV", csv).unwrap(), wanted);
        let toml = "light = \"Lamp\"\n\"my, box\" = \"Box\"\njunk = false\ndust = \"\"\n";
        assert_eq!(label_map("map.toml", toml).unwrap(), wanted);
        assert_eq!(label_map("map.toml", &format!("[labels]\n{toml}")).unwrap(), wanted);
        for (name, text, problem) in [
            ("map.csv", "a,b\nlight,Lamp\n", "from,to"),
            ("map.toml", "light = 3", "light must be a label"),
            ("map.csv", "from,to\na,b\na,c\n", "twice"),
            ("map.toml", "no toml", "expected"),
        ] {
            let told = label_map(name, text).unwrap_err().to_string();
            assert!(told.contains(problem) && told.starts_with(name), "{told}");
        }
    }
}
