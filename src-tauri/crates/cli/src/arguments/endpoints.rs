//! Keys of additional endpoints, for one invocation. A key itself is never an argument, because other processes can see
//! arguments.

use std::path::PathBuf;

use clap::Args;
use engine::EndpointKey;
use zeroize::Zeroizing;

use crate::error::CommandError;

#[derive(Args)]
pub struct EndpointKeys {
    /// Environment variable with the key of an additional endpoint; may be repeated
    #[arg(long = "endpoint-key", value_name = "NAME=VARIABLE", value_parser = named)]
    variables: Vec<(String, String)>,
    /// File with the key of an additional endpoint; may be repeated
    #[arg(long = "endpoint-key-file", value_name = "NAME=FILE", value_parser = named)]
    files: Vec<(String, String)>,
}

/// Longer files are no keys.
const MAX_KEY_BYTES: u64 = 1 << 16;

impl EndpointKeys {
    pub fn read(&self) -> Result<Vec<EndpointKey>, CommandError> {
        let by_variable = self.variables.iter().map(|(endpoint, variable)| {
            let secret = Zeroizing::new(std::env::var(variable).unwrap_or_default().trim().to_owned());
            if secret.is_empty() {
                return Err(CommandError::NoKeyIn(variable.clone()));
            }
            Ok(EndpointKey { endpoint: endpoint.clone(), secret, variable: Some(variable.clone()) })
        });
        let by_file = self.files.iter().map(|(endpoint, file)| {
            let path = PathBuf::from(file);
            let text = files::read_to_string(&path, MAX_KEY_BYTES).map(Zeroizing::new);
            let text = text.map_err(|source| CommandError::UnreadableFile { path, source })?;
            let secret = Zeroizing::new(text.trim().to_owned());
            if secret.is_empty() {
                return Err(CommandError::NoKeyIn(file.clone()));
            }
            Ok(EndpointKey { endpoint: endpoint.clone(), secret, variable: None })
        });
        by_variable.chain(by_file).collect()
    }
}

/// `Gateway=GATEWAY_KEY`
fn named(typed: &str) -> Result<(String, String), String> {
    match typed.rsplit_once('=') {
        Some((name, place)) if !name.is_empty() && !place.is_empty() => Ok((name.to_owned(), place.to_owned())),
        _ => Err("expected an endpoint and the place of its key, such as Gateway=GATEWAY_KEY".into()),
    }
}
