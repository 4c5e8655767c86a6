//! `.env` files that need to be allowed.

use std::io::{self, Write};
use std::path::Path;

use engine::{EnvSummary, address_shown, name_of_provider};

/// Contents of a `.env` file, without its key.
pub fn env_file(out: &mut dyn Write, path: &Path, summary: &EnvSummary) -> io::Result<()> {
    writeln!(out, "  file    {}", path.display())?;
    for said in &summary.providers {
        let server = said.base_url.as_deref().map(address_shown);
        let server = server.as_deref().unwrap_or("the vendor's default");
        writeln!(out, "  server  {server} ({})", name_of_provider(said.provider))?;
        if let Some(model) = &said.model {
            writeln!(out, "  model   {model}")?;
        }
        if let Some(ending) = &said.key_ending {
            writeln!(out, "  key     ends in {ending}")?;
        }
    }
    for (variable, ending) in &summary.endpoint_keys {
        writeln!(out, "  key     {variable} ends in {ending}")?;
    }
    Ok(())
}

/// A one-line warning for use without a terminal.
pub fn env_file_not_used(path: &Path) -> String {
    let path = path.display().to_string();
    let is_plain = path.chars().all(|character| character.is_alphanumeric() || "/._-+@".contains(character));
    let argument = if is_plain { path.clone() } else { format!("'{}'", path.replace('\'', r"'\''")) };
    format!("{path} is not used because it is not allowed yet; to allow it: fieldmark env allow {argument}")
}

#[cfg(test)]
mod tests {
    use engine::ProviderSummary;

    use super::*;

    #[test]
    fn a_host_that_only_looks_like_the_vendor_is_told_apart() {
        let said = ProviderSummary {
            provider: "vendor",
            base_url: Some("https://\u{430}pi.example.com".into()),
            model: None,
            key_ending: None,
        };
        let summary = EnvSummary { providers: vec![said], endpoint_keys: Vec::new() };
        let mut out = Vec::new();
        env_file(&mut out, Path::new("/photos/.env"), &summary).unwrap();
        let shown = String::from_utf8(out).unwrap();
        assert!(shown.contains("https://xn--pi-6kc.example.com"), "{shown}");
    }

    #[test]
    fn the_command_can_be_copied() {
        let told = env_file_not_used(Path::new("/a b/it's/.env"));
        assert!(told.ends_with(r"fieldmark env allow '/a b/it'\''s/.env'"), "{told}");
        assert!(env_file_not_used(Path::new("/photos/.env")).ends_with("fieldmark env allow /photos/.env"));
    }
}
