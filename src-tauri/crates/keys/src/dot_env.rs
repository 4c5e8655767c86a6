//! Parses our variables in a `.env` file. The file cannot refer to anything outside of itself.
//!
//! The syntax is a subset of what shells and other parsers accept:
//!
//! ```text
//! line    = [ "export" ] name "=" value [ comment ] | [ comment ]
//! name    = a letter or "_", then letters, digits, "_" and "."
//! value   = parts without a space between them: plain text, '...', "..."
//! comment = "#" and the rest of the line, at its beginning or after a space
//! ```
//!
//! Outside of single quotes, `\` escapes itself, a quote, `$` or a space, and `\n` is a line break. Quoted text may span
//! several lines. Any other line is malformed and makes the whole file invalid.
//!
//! Other parsers substitute *process variables* for `$NAME` in values. Then a `.env` in a folder of photos could set an
//! address and have any secret of the environment sent there, as the key or as part of a path. Here nothing is substituted:
//! a `$` in one of our values is an error, quoted or not. In other values it has no meaning.
//! Parent folders and files with other names are deliberately not searched.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::names::VariableNames;
use crate::{KeysError, Result};

/// A variable of Fieldmark and its line number.
pub(crate) struct Line {
    pub(crate) value: Zeroizing<String>,
    pub(crate) number: usize,
}

/// A `.env` file. It may come with a folder of photos, so it is used only after the user has allowed exactly this text
/// at this path.
#[derive(Clone)]
pub struct EnvFile {
    path: PathBuf,
    bytes: Arc<Zeroizing<Vec<u8>>>,
}

/// What a `.env` file says about connections, for display.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvSummary {
    /// The providers with a variable in the file, in registry order.
    pub providers: Vec<ProviderSummary>,
    /// The key variables of additional endpoints, each with the last characters of its key.
    pub endpoint_keys: Vec<(String, String)>,
}

/// What a `.env` file says about the connection to one provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderSummary {
    /// The id of the provider.
    pub provider: &'static str,
    /// As written; `None` for the vendor's own server.
    pub base_url: Option<String>,
    pub model: Option<String>,
    /// The last characters of the key; `None` without a key.
    pub key_ending: Option<String>,
}

impl EnvFile {
    /// The `.env` of `folder`. Only a regular file counts: a folder with this name is a Python environment, and reading
    /// a pipe would block.
    pub fn in_folder(folder: &Path) -> Result<Option<Self>> {
        let path = folder.join(".env");
        match std::fs::metadata(&path) {
            Ok(metadata) if metadata.is_file() => Self::named(&path).map(Some),
            Ok(_) => Ok(None),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(source) => Err(KeysError::Unreadable { file: path, source: source.into() }),
        }
    }

    /// The file at `path`, which the user named.
    pub fn named(path: &Path) -> Result<Self> {
        let unreadable =
            |source: std::io::Error| KeysError::Unreadable { file: path.to_owned(), source: source.into() };
        let bytes = Zeroizing::new(files::read(path, MAX_BYTES).map_err(unreadable)?);
        Ok(Self { path: Self::place_of(path), bytes: Arc::new(bytes) })
    }

    /// The absolute path of a file, with links in its folder resolved. A link is a different file than its target.
    #[must_use]
    pub fn place_of(path: &Path) -> PathBuf {
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let folder = absolute.parent().and_then(|folder| std::fs::canonicalize(folder).ok());
        match (folder, absolute.file_name()) {
            (Some(folder), Some(name)) => folder.join(name),
            _ => absolute,
        }
    }

    /// As returned by [`EnvFile::place_of`].
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Identifies the text.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        blake3::hash(&self.bytes).to_hex().to_string()
    }

    /// Whether it sets a variable that Fieldmark reads. Other files are ignored.
    #[must_use]
    pub fn concerns_fieldmark(&self, names: &VariableNames) -> bool {
        let text = String::from_utf8_lossy(&self.bytes);
        let text = text.strip_prefix('\u{FEFF}').unwrap_or(&text);
        // A malformed file counts too, so that the user gets the error.
        text.lines().filter_map(name_in).any(|(name, _)| names.contains(name))
    }

    /// What it says about connections.
    pub fn summary(&self, names: &VariableNames) -> Result<EnvSummary> {
        let mut lines = self.lines(|name| names.contains(name))?;
        lines.retain(|_, line| !line.value.is_empty());
        let mut providers = Vec::new();
        for variables in &names.providers {
            let mut take = |name: Option<&str>| name.and_then(|name| lines.remove(name)).map(|line| line.value);
            let (base_url, model, key) = (take(variables.base_url), take(variables.model), take(variables.key));
            if base_url.is_some() || model.is_some() || key.is_some() {
                providers.push(ProviderSummary {
                    provider: variables.provider,
                    base_url: base_url.map(|text| text.to_string()),
                    model: model.map(|text| text.to_string()),
                    key_ending: key.map(|key| ending(&key)),
                });
            }
        }
        lines.retain(|name, _| !names.of_connections().any(|own| own == name));
        let mut endpoint_keys: Vec<(String, String)> =
            lines.into_iter().map(|(name, line)| (name, ending(&line.value))).collect();
        endpoint_keys.sort();
        Ok(EnvSummary { providers, endpoint_keys })
    }

    /// The lines with `wanted` names. If a name repeats, the last line wins, as in a shell. Empty values are included.
    pub(crate) fn lines(&self, wanted: impl Fn(&str) -> bool) -> Result<HashMap<String, Line>> {
        let text = std::str::from_utf8(&self.bytes).map_err(|error| {
            let before = &self.bytes[..error.valid_up_to()];
            KeysError::Malformed { file: self.path.clone(), line: before.split(|&byte| byte == b'\n').count() }
        })?;
        parse(text, &self.path, wanted)
    }
}

impl std::fmt::Debug for EnvFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EnvFile").field("path", &self.path).finish_non_exhaustive()
    }
}

/// The last four characters of a key, which distinguish keys without revealing them; fewer for a short key.
fn ending(key: &str) -> String {
    let characters: Vec<char> = key.chars().collect();
    let shown = (characters.len() / 3).min(4);
    characters[characters.len() - shown..].iter().collect()
}

/// Far more than a `.env` needs.
const MAX_BYTES: u64 = 1 << 20;

fn parse(text: &str, file: &Path, wanted: impl Fn(&str) -> bool) -> Result<HashMap<String, Line>> {
    // Some editors write a byte order mark.
    let mut rest = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let mut number = 1;
    let mut found = HashMap::new();
    while !rest.is_empty() {
        let Some(entry) = Entry::at_start_of(rest) else {
            return Err(KeysError::Malformed { file: file.to_owned(), line: number });
        };
        if let Some((name, value)) = entry.variable.filter(|(name, _)| wanted(name)) {
            if value.contains('$') || value.contains(char::is_control) {
                return Err(KeysError::NotPlain { name: name.to_owned(), file: file.to_owned(), line: number });
            }
            found.insert(name.to_owned(), Line { value: Zeroizing::new(value.trim().to_owned()), number });
        }
        number += rest[..rest.len() - entry.after.len()].matches('\n').count();
        rest = entry.after;
    }
    Ok(found)
}

/// A line, or several for multi-line quoted text.
struct Entry<'a> {
    /// `None` for a comment or an empty line.
    variable: Option<(&'a str, Zeroizing<String>)>,
    /// The rest of the file.
    after: &'a str,
}

impl<'a> Entry<'a> {
    /// `None` if malformed.
    fn at_start_of(text: &'a str) -> Option<Self> {
        let (line, after) = text.split_once('\n').unwrap_or((text, ""));
        if is_comment_or_empty(line) {
            return Some(Self { variable: None, after });
        }
        let (name, stated) = name_in(line)?;
        let stated = stated.trim_start();
        if stated.starts_with('#') {
            return Some(Self { variable: Some((name, Zeroizing::default())), after });
        }
        let mut value = Zeroizing::new(String::with_capacity(line.len()));
        let mut open_quote = None;
        let mut chars = text[line.len() - stated.len()..].chars();
        loop {
            let rest = chars.as_str();
            match (open_quote, chars.next()) {
                (None, None | Some(' ' | '\t' | '\r' | '\n')) => {
                    let (end_of_line, after) = rest.split_once('\n').unwrap_or((rest, ""));
                    return is_comment_or_empty(end_of_line).then_some(Self { variable: Some((name, value)), after });
                }
                (Some(_), None) => return None,
                (Some(quote), Some(character)) if character == quote => open_quote = None,
                (None, Some(quote @ ('\'' | '"'))) => open_quote = Some(quote),
                (None | Some('"'), Some('\\')) => value.push(match chars.next()? {
                    'n' => '\n',
                    plain @ ('\\' | '\'' | '"' | '$' | ' ') => plain,
                    _ => return None,
                }),
                (_, Some(character)) => value.push(character),
            }
        }
    }
}

fn is_comment_or_empty(line: &str) -> bool {
    let line = line.trim_start();
    line.is_empty() || line.starts_with('#')
}

/// The name that `line` sets, and the text after its equals sign.
fn name_in(line: &str) -> Option<(&str, &str)> {
    let (name, stated) = line.split_once('=')?;
    let name = name.trim();
    let name = name.strip_prefix("export").filter(|rest| rest.starts_with(char::is_whitespace)).unwrap_or(name).trim();
    let is_name = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.chars().all(|character| character.is_ascii_alphanumeric() || "_.".contains(character));
    is_name.then_some((name, stated))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::ProviderVariables;

    fn wanted(name: &str) -> bool {
        ["KEY", "MODEL"].contains(&name)
    }

    fn value_of_key(text: &str) -> Option<(String, usize)> {
        let found = parse(text, Path::new(".env"), wanted).unwrap();
        found.get("KEY").map(|line| (line.value.to_string(), line.number))
    }

    fn refusal(text: &str) -> String {
        match parse(text, Path::new(".env"), wanted) {
            Err(error) => format!("{error} {error:?}"),
            Ok(_) => panic!("{text:?} was accepted"),
        }
    }

    #[test]
    fn usual_spellings_are_read() {
        for (text, value, line) in [
            ("KEY=plain", "plain", 1),
            ("\u{FEFF}KEY=after-a-mark\r\n", "after-a-mark", 1),
            ("# a comment, isn't it\n\nexport KEY = 'quoted'  # and $4 more\n", "quoted", 3),
            ("KEY=\"  spaced  \" ", "spaced", 1),
            ("KEY=first\nOTHER=\"two\nlines\"\nKEY=last\nMODEL=x", "last", 4),
            ("OTHER=a\\$b\\\\$c${KEY}'$'\"\\$\"\nKEY=beside-dollars", "beside-dollars", 2),
            ("KEY=", "", 1),
            ("KEY= # none\nOTHER=# none, too", "", 1),
            ("KEY=a#b'c d'\"e'f\"\\ g\t# parts", "a#bc de'f g", 1),
            ("OTHER='a\\'\nKEY=\"a\\\\b\\\"c\"\r\n", "a\\b\"c", 2),
        ] {
            assert_eq!(value_of_key(text), Some((value.to_owned(), line)), "{text:?}");
        }
        assert_eq!(value_of_key("# KEY=commented\nKEYS=other"), None);
        assert_eq!(value_of_key(""), None);
    }

    #[test]
    fn a_file_cannot_look_at_process_variables() {
        // Every process has PATH; a parser with substitution would insert it here.
        for text in ["KEY=$PATH", "KEY=https://x.example/${PATH}", "KEY=\"$PATH\"", "KEY='$PATH'", "KEY=\\$PATH"] {
            let refusal = refusal(&format!("MODEL=x\n{text}\n"));
            assert!(refusal.starts_with("KEY in line 2 of .env must be plain text"), "{refusal}");
        }
    }

    #[test]
    fn a_malformed_line_is_named_but_not_repeated() {
        for (text, line) in [
            ("KEY planted", 1),
            ("MODEL=x\n\n# comment\nKEY=planted planted\nMODEL=y", 4),
            ("MODEL=x\nKEY=\"planted\nMODEL=planted\n\n", 2),
            ("MODEL=x\nKEY=pl\\anted", 2),
            ("MODEL=x\r\nplanted\r\n", 2),
            ("OTHER=\"x\ny\"\nKEY='planted' planted", 3),
            ("MODEL=x\n1KEY=planted", 2),
            ("=planted", 1),
            ("export KEY planted=x", 1),
        ] {
            let refusal = refusal(text);
            assert!(refusal.starts_with(&format!("line {line} of .env is invalid")), "{text:?}: {refusal}");
            assert!(!refusal.contains("anted"), "{refusal}");
        }
    }

    #[test]
    fn only_a_readable_file_says_something() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(".env");
        assert!(EnvFile::in_folder(folder.path()).unwrap().is_none());
        std::fs::create_dir(&file).unwrap();
        assert!(EnvFile::in_folder(folder.path()).unwrap().is_none());
        std::fs::remove_dir(&file).unwrap();
        std::fs::write(&file, b"MODEL=x\nKEY=planted\xff").unwrap();
        let read = EnvFile::in_folder(folder.path()).unwrap().unwrap();
        assert!(matches!(read.lines(wanted), Err(KeysError::Malformed { line: 2, .. })));
        std::fs::write(&file, b"#".repeat(2 << 20)).unwrap();
        assert!(matches!(EnvFile::in_folder(folder.path()), Err(KeysError::Unreadable { .. })));
    }

    #[test]
    fn what_a_person_decides_about_is_shown_without_the_key() {
        let vendor = |provider, key, base_url| ProviderVariables { provider, key: Some(key), base_url, model: None };
        let providers =
            vec![vendor("vendor", "VENDOR_API_KEY", Some("VENDOR_BASE_URL")), vendor("other", "OTHER_API_KEY", None)];
        let names = VariableNames { providers, keys: Vec::new() };
        let folder = tempfile::tempdir().unwrap();
        let read = |text: &str| {
            std::fs::write(folder.path().join(".env"), text).unwrap();
            EnvFile::in_folder(folder.path()).unwrap().unwrap()
        };
        let planted = read("export VENDOR_API_KEY='sk-planted-9876'\nVENDOR_BASE_URL=https://x.example\nDEBUG=1\n");
        assert!(planted.concerns_fieldmark(&names));
        let said = |provider, base_url: Option<&str>, key_ending: &str| ProviderSummary {
            provider,
            base_url: base_url.map(Into::into),
            model: None,
            key_ending: Some(key_ending.into()),
        };
        assert_eq!(planted.summary(&names).unwrap().providers, [said("vendor", Some("https://x.example"), "9876")]);
        assert!(!format!("{planted:?}").contains("planted-9876"));
        assert!(!read("DEBUG=1\n# VENDOR_API_KEY=\n").concerns_fieldmark(&names));
        let other = read("OTHER_API_KEY=sk-other-key-1111\nCONCURRENCY=3\n").summary(&names).unwrap();
        assert_eq!((other.providers, other.endpoint_keys), (vec![said("other", None, "1111")], Vec::new()));

        let endpoint = read("FIELDMARK_ENDPOINT_X_KEY=short\n");
        assert!(endpoint.concerns_fieldmark(&names));
        let shown = |variable: &str, ending: &str| [(variable.to_owned(), ending.to_owned())];
        assert_eq!(endpoint.summary(&names).unwrap().endpoint_keys, shown("FIELDMARK_ENDPOINT_X_KEY", "t"));
        let of_gateway = read("export GATEWAY_KEY = 'sk-gateway-1234' # ours\n");
        let with_gateway = VariableNames { keys: vec!["GATEWAY_KEY".to_owned()], ..names.clone() };
        assert!(of_gateway.concerns_fieldmark(&with_gateway) && !of_gateway.concerns_fieldmark(&names));
        let summary = of_gateway.summary(&with_gateway).unwrap();
        assert_eq!(summary.endpoint_keys, shown("GATEWAY_KEY", "1234"));
        assert_eq!(of_gateway.summary(&names).unwrap().endpoint_keys, []);
        assert_ne!(planted.fingerprint(), endpoint.fingerprint());
        assert_eq!(read("FIELDMARK_ENDPOINT_X_KEY=short\n").fingerprint(), endpoint.fingerprint());
    }
}
