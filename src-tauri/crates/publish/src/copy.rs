//! Rows in the text format of PostgreSQL's `COPY`
//! (<https://www.postgresql.org/docs/current/sql-copy.html#id-1.9.3.55.9.2>).

use std::fmt::Write;

use serde_json::{Map, Value};

/// The columns of `rows`, quoted. All rows have the same.
pub fn columns(rows: &[Map<String, Value>]) -> String {
    let names = rows.first().into_iter().flat_map(Map::keys);
    names.map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
}

/// Appends a row.
pub fn push_row(out: &mut String, row: &Map<String, Value>) {
    for (index, value) in row.values().enumerate() {
        if index > 0 {
            out.push('\t');
        }
        match value {
            Value::Null => out.push_str("\\N"),
            Value::Bool(value) => out.push(if *value { 't' } else { 'f' }),
            Value::Number(number) => push_escaped(out, &number.to_string()),
            Value::String(text) => push_escaped(out, text),
            Value::Array(values) => push_escaped(out, &array(values)),
            Value::Object(_) => push_escaped(out, &value.to_string()),
        }
    }
    out.push('\n');
}

/// A `text[]` literal. Its elements are texts.
fn array(values: &[Value]) -> String {
    let mut literal = String::from("{");
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            literal.push(',');
        }
        literal.push('"');
        for character in value.as_str().unwrap_or_default().chars() {
            if matches!(character, '"' | '\\') {
                literal.push('\\');
            }
            literal.push(character);
        }
        literal.push('"');
    }
    literal.push('}');
    literal
}

fn push_escaped(out: &mut String, text: &str) {
    for character in text.chars() {
        // Writing to a string does not fail.
        let _ = match character {
            '\\' => out.write_str("\\\\"),
            '\n' => out.write_str("\\n"),
            '\r' => out.write_str("\\r"),
            '\t' => out.write_str("\\t"),
            other => out.write_char(other),
        };
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_escaped() {
        let Value::Object(row) = json!({
            "a": "tab\tline\nback\\slash", "b": null, "c": ["x", "quo\"te", "back\\slash", "a,b"], "d": {"k": "\n"},
            "e": true, "f": 0.5, "g": [], "h": "\\N",
        }) else {
            panic!("an object");
        };
        let mut out = String::new();
        push_row(&mut out, &row);
        let expected = [
            r"tab\tline\nback\\slash",
            r"\N",
            r#"{"x","quo\\"te","back\\\\slash","a,b"}"#,
            r#"{"k":"\\n"}"#,
            "t",
            "0.5",
            "{}",
            r"\\N",
        ];
        assert_eq!(out, format!("{}\n", expected.join("\t")));
        assert_eq!(columns(&[row]), r#""a", "b", "c", "d", "e", "f", "g", "h""#);
    }
}
