//! Removes from a record what must not be in a log: keys, passwords, tokens, encoded images, control characters. The code
//! that logs keeps them out already; this holds for messages of servers and libraries too.

use std::path::Path;
use std::sync::LazyLock;

use domain::text::visible;
use regex::{Captures, Regex};

const REMOVED: &str = "[removed]";

#[expect(clippy::expect_used, reason = "constant expressions, which a test compiles")]
fn expression(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a regular expression")
}

/// Passwords in addresses, which may hold `@` and `/` that were not escaped.
static USER: LazyLock<Regex> = LazyLock::new(|| expression(r#"://[^\s"']*@"#));
static SCHEME: LazyLock<Regex> = LazyLock::new(|| expression(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{6,}"));
/// Values behind the names of headers, parameters and fields that hold secrets.
static NAMED: LazyLock<Regex> = LazyLock::new(|| {
    expression(
        r#"(?i)\b((?:proxy-)?authorization|[a-z-]*api[-_]?key|x-goog-api-key|cookie|password|passwd|pwd|secret|(?:access|session|service|refresh)[-_]?(?:token|key)|token|key)(\\?["']?\s*[:=]\s*)(?:(?P<double>\\?")[^"\\]*|(?P<single>')[^']*|[^\s"'&,;}\\]+)"#,
    )
});
/// Keys by the form that vendors give them.
static FORMED: LazyLock<Regex> = LazyLock::new(|| {
    expression(
        r"\b(?:(?:sk|pk|rk|sbp|sb|gsk|xai|hf|ghp|gho|xox[abp])[-_][A-Za-z0-9_-]{8,}|AIza[A-Za-z0-9_-]{16,}|(?:AKIA|ASIA)[A-Z0-9]{12,}|eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)",
    )
});
/// Encoded images.
static ENCODED: LazyLock<Regex> = LazyLock::new(|| expression(r"[A-Za-z0-9+/_-]{160,}={0,2}"));

/// The record as one line, without secrets.
#[must_use]
pub fn clean(record: &str) -> String {
    let text = visible(record);
    let text = ENCODED.replace_all(&text, |found: &Captures<'_>| format!("[{} characters removed]", found[0].len()));
    let text = USER.replace_all(&text, format!("://{REMOVED}@"));
    let text = SCHEME.replace_all(&text, format!("$1 {REMOVED}"));
    let text = FORMED.replace_all(&text, REMOVED);
    // Quotes stay, so that JSON stays JSON.
    NAMED.replace_all(&text, format!("${{1}}${{2}}${{double}}${{single}}{REMOVED}")).into_owned()
}

/// The text with `~` in place of the user's home folder, whose name often is the user's.
#[must_use]
pub fn without_home(text: &str) -> String {
    let home = directories::BaseDirs::new().map(|folders| folders.home_dir().to_owned());
    let home = home.as_deref().and_then(Path::to_str).filter(|home| home.len() > 1);
    home.map_or_else(|| text.to_owned(), |home| without_folder(text, home))
}

/// The text with `~` in place of `folder`, also where its separators are escaped, as in JSON.
fn without_folder(text: &str, folder: &str) -> String {
    let escaped = folder.replace('\\', "\\\\");
    let pattern = format!(r"({}|{})(?P<end>[^\w.-]|$)", regex::escape(&escaped), regex::escape(folder));
    Regex::new(&pattern).map_or_else(|_| text.to_owned(), |folder| folder.replace_all(text, "~$end").into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_removed_and_what_explains_a_failure_stays() {
        let secrets = [
            "GET https://user:planted1@host/v1?key=planted2&model=m",
            "Authorization: Bearer planted3planted",
            r#"{"x-api-key":"planted4","detail":"no"}"#,
            "postgres://me:planted5@db.example/x",
            "postgres://me:pl@planted@db/x and postgres://me:planted/planted@db/x",
            "invalid key sk-ant-planted6-and-more",
            "password=planted7 token: planted8 secret='planted9' password='a planted' \"key\":\"b planted\"",
        ];
        for record in secrets {
            let cleaned = clean(record);
            assert!(!cleaned.contains("planted"), "{cleaned}");
        }
        let image = "iVBORw0KGgo".repeat(40);
        assert_eq!(clean(&format!("body {image} end")), "body [440 characters removed] end");
        let usual =
            "INFO engine::run: the run has ended run=3 done=12 failed=1 key_env=\"A\" tokens=5 reason=Completed";
        assert_eq!(clean(usual), usual);
        assert_eq!(clean("one\nforged"), visible("one\nforged"));
        assert_eq!(clean(r#"{"token": "a b", "x": 1}"#), r#"{"token": "[removed]", "x": 1}"#);
    }

    #[test]
    fn the_home_folder_is_replaced_and_no_folder_whose_name_begins_alike() {
        let replaced = without_folder("/root/a /root /rootfs/b \"/root\" /root-2", "/root");
        assert_eq!(replaced, "~/a ~ /rootfs/b \"~\" /root-2");
        assert_eq!(without_folder(r#"{"path":"C:\\Users\\me\\x"}"#, r"C:\Users\me"), r#"{"path":"~\\x"}"#);
    }
}
