//! `.env` files: what a person decides about.

use std::path::Path;

use engine::EnvSummary;

/// What a `.env` file says, never its key.
pub fn env_file(path: &Path, summary: &EnvSummary) -> String {
    let server = summary.base_url.as_deref().unwrap_or("the vendor's own");
    let mut lines = vec![format!("  file    {}", path.display()), format!("  server  {server}")];
    lines.extend(summary.model.as_ref().map(|model| format!("  model   {model}")));
    lines.extend(summary.key_ending.as_ref().map(|ending| format!("  key     ends in {ending}")));
    lines.extend(
        summary.endpoint_keys.iter().map(|(variable, ending)| format!("  key     {variable} ends in {ending}")),
    );
    lines.join("\n")
}

/// One line for where nobody can be asked.
pub fn env_file_not_used(path: &Path) -> String {
    let path = path.display().to_string();
    let is_plain = path.chars().all(|character| character.is_alphanumeric() || "/._-+@".contains(character));
    let argument = if is_plain { path.clone() } else { format!("'{}'", path.replace('\'', r"'\''")) };
    format!("{path} is not used, since it is not allowed: fieldmark env allow {argument}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_can_be_copied() {
        let told = env_file_not_used(Path::new("/a b/it's/.env"));
        assert!(told.ends_with(r"fieldmark env allow '/a b/it'\''s/.env'"), "{told}");
        assert!(env_file_not_used(Path::new("/photos/.env")).ends_with("fieldmark env allow /photos/.env"));
    }
}
