//! Addresses of databases. A password or key is never part of what is shown.

use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;

use percent_encoding::percent_decode_str;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};
use zeroize::Zeroizing;

use crate::{PublishError, Result};

/// A PostgreSQL server and database, from a connection string.
pub struct PostgresAddress {
    pub(crate) config: Config,
    /// Certificates of the authority that signed the server's, in PEM. Otherwise those of the operating system.
    pub(crate) root_certificates: Option<PathBuf>,
    /// Whether the connection is encrypted and the server's certificate is checked.
    pub(crate) is_encrypted: bool,
    is_local: bool,
    shown: String,
}

impl PostgresAddress {
    /// Reads `postgres://user:password@host/database?sslrootcert=FILE` or `host=... user=...`. A connection to another
    /// machine is encrypted, unless the string says `sslmode=disable`; one on this machine only if the string asks for it.
    ///
    /// # Errors
    ///
    /// If it is not a connection string. The message does not repeat it, because of its password.
    pub fn parse(text: &str) -> Result<Self> {
        if has_slash_in_credentials(text) {
            // It may be in the path or in a parameter, and what is before it would be taken for user and password.
            return Err(PublishError::Address(
                "write @ as %40 and / as %2F, except for the @ before the host and the / after it".into(),
            ));
        }
        let (text, tls) = without_tls(text);
        let mut config = Config::from_str(&text).map_err(|error| {
            PublishError::Address(format!(
                "this is not a connection string ({}). It looks like postgres://user:password@host:5432/database",
                crate::explained(&error)
            ))
        })?;
        if config.get_hosts().is_empty() {
            return Err(PublishError::Address("the connection string names no host".into()));
        }
        let is_local =
            config.get_hosts().iter().all(is_on_this_machine) && config.get_hostaddrs().iter().all(IpAddr::is_loopback);
        let is_encrypted = match tls.mode {
            SslMode::Disable => false,
            SslMode::Require => true,
            _ => !is_local,
        };
        config.ssl_mode(if is_encrypted { SslMode::Require } else { SslMode::Disable });
        config.application_name("Fieldmark");
        let addresses = config.get_hostaddrs().iter().map(ToString::to_string);
        let hosts: Vec<String> = config.get_hosts().iter().map(host_name).chain(addresses).collect();
        let shown = match config.get_dbname() {
            Some(database) => format!("{}/{database}", hosts.join(",")),
            None => hosts.join(","),
        };
        Ok(Self { config, root_certificates: tls.root_certificates, is_encrypted, is_local, shown })
    }

    /// Host and database.
    #[must_use]
    pub fn shown(&self) -> &str {
        &self.shown
    }

    #[must_use]
    pub fn is_on_this_machine(&self) -> bool {
        self.is_local
    }
}

/// What a connection string says of encryption.
struct TlsWords {
    mode: SslMode,
    root_certificates: Option<PathBuf>,
}

impl TlsWords {
    /// Whether it is a parameter of this. The client does not know `sslrootcert` and some of the modes.
    fn take(&mut self, key: &str, value: &str) -> bool {
        match (key, value) {
            ("sslrootcert", file) => self.root_certificates = Some(PathBuf::from(file)),
            ("sslmode", "disable") => self.mode = SslMode::Disable,
            ("sslmode", "allow" | "prefer") => self.mode = SslMode::Prefer,
            // The certificate is always checked, with the name of the host.
            ("sslmode", "require" | "verify-ca" | "verify-full") => self.mode = SslMode::Require,
            _ => return false,
        }
        true
    }
}

/// A connection string without its parameters of encryption, and these.
fn without_tls(text: &str) -> (String, TlsWords) {
    let mut tls = TlsWords { mode: SslMode::Prefer, root_certificates: None };
    if !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
        let (mut others, mut rest) = (String::new(), text);
        while let Some((key, value, next)) = pair(rest) {
            if !tls.take(key, &value) {
                let value = value.replace('\\', r"\\").replace('\'', r"\'");
                others.extend([key, "='", &value, "' "]);
            }
            rest = next;
        }
        return (others + rest, tls);
    }
    // A password may contain a question mark.
    let credentials = text.find('@').map_or(0, |at| at + 1);
    let Some(query) = text[credentials..].find('?').map(|at| credentials + at) else { return (text.to_owned(), tls) };
    let decoded = |part: &str| percent_decode_str(part).decode_utf8_lossy().into_owned();
    let others: Vec<&str> = text[query + 1..]
        .split('&')
        .filter(|pair| !pair.split_once('=').is_some_and(|(key, value)| tls.take(&decoded(key), &decoded(value))))
        .collect();
    (format!("{}?{}", &text[..query], others.join("&")), tls)
}

fn has_slash_in_credentials(text: &str) -> bool {
    let url = ["postgres://", "postgresql://"].iter().find_map(|scheme| text.strip_prefix(scheme));
    url.and_then(|url| url.split_once('@')).is_some_and(|(credentials, _)| credentials.contains('/'))
}

/// The first parameter of `host=... user='...'`, and what follows it.
fn pair(text: &str) -> Option<(&str, String, &str)> {
    let (key, rest) = text.split_once('=')?;
    let rest = rest.trim_start();
    let (is_quoted, rest) = rest.strip_prefix('\'').map_or((false, rest), |rest| (true, rest));
    let (mut value, mut characters) = (String::new(), rest.chars());
    loop {
        match characters.next() {
            Some('\\') => value.extend(characters.next()),
            Some('\'') if is_quoted => break,
            Some(other) if is_quoted || !other.is_whitespace() => value.push(other),
            None if is_quoted => return None,
            _ => break,
        }
    }
    Some((key.trim(), value, characters.as_str()))
}

fn host_name(host: &Host) -> String {
    match host {
        Host::Tcp(name) => name.clone(),
        #[cfg(unix)]
        Host::Unix(path) => path.display().to_string(),
    }
}

fn is_on_this_machine(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => is_loopback(name),
        #[cfg(unix)]
        Host::Unix(_) => true,
    }
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// A Supabase project, or any PostgREST server behind `/rest/v1`.
pub struct RestAddress {
    /// Without a slash at its end.
    pub(crate) base: String,
    pub(crate) key: Zeroizing<String>,
    is_local: bool,
}

impl RestAddress {
    /// `url` as in `https://PROJECT.supabase.co`, with the service role's key.
    ///
    /// # Errors
    ///
    /// If `url` is not an address, or the key would be sent unencrypted to another machine.
    pub fn new(url: &str, key: Zeroizing<String>) -> Result<Self> {
        let base = url.trim().trim_end_matches('/');
        let parsed = reqwest::Url::parse(base)
            .map_err(|error| PublishError::Address(format!("{base} is not an address ({error})")))?;
        let is_private = match parsed.scheme() {
            "https" => true,
            "http" => parsed.host_str().is_some_and(is_loopback),
            _ => false,
        };
        if !is_private {
            return Err(PublishError::Address(format!(
                "the address must begin with https://: {base} would show the key"
            )));
        }
        if !parsed.username().is_empty() || parsed.password().is_some() {
            return Err(PublishError::Address("the address must not contain a password".into()));
        }
        let is_local = parsed.host_str().is_some_and(is_loopback);
        Ok(Self { base: base.to_owned(), key, is_local })
    }

    #[must_use]
    pub fn shown(&self) -> &str {
        &self.base
    }

    #[must_use]
    pub fn is_on_this_machine(&self) -> bool {
        self.is_local
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> PostgresAddress {
        PostgresAddress::parse(text).unwrap()
    }

    #[test]
    fn other_machines_are_reached_encrypted() {
        for (text, is_encrypted) in [
            ("postgres://a:b@db.example/x", true),
            ("postgres://a:b@db.example/x?sslmode=prefer", true),
            ("postgres://a:b@db.example/x?sslmode=verify-full&sslrootcert=/a/ca.crt", true),
            ("postgres://a:b@db.example/x?sslmode=disable", false),
            ("postgres://a:b?c@127.0.0.1/x", false),
            ("postgres://a:b@127.0.0.1/x?sslmode=require", true),
            ("host=localhost user=a", false),
            ("host=localhost user=a sslmode=verify-full", true),
            ("host = db.example user = a sslmode = 'disable'", false),
        ] {
            let address = parsed(text);
            assert_eq!(address.is_encrypted, is_encrypted, "{text}");
            let mode = if is_encrypted { SslMode::Require } else { SslMode::Disable };
            assert_eq!(address.config.get_ssl_mode(), mode, "{text}");
        }
    }

    #[test]
    fn an_address_that_is_not_this_machine_is_not_local_whatever_its_name() {
        for text in ["host=localhost hostaddr=203.0.113.7", "postgres://localhost/x?hostaddr=203.0.113.7"] {
            let address = parsed(text);
            assert!(!address.is_on_this_machine() && address.is_encrypted, "{text}");
            assert!(address.shown().contains("203.0.113.7"), "{}", address.shown());
        }
        assert!(parsed("host=localhost hostaddr=::1").is_on_this_machine());
        assert!(!parsed("host=db.example hostaddr=127.0.0.1").is_on_this_machine());
    }

    #[test]
    fn both_forms_name_certificates() {
        for text in [
            "postgres://a:secret@db.example/x?sslrootcert=/a%20b/it's.crt&connect_timeout=3",
            r"host=db.example password='secret \'\\ = ' dbname=x sslrootcert='/a b/it\'s.crt' connect_timeout=3",
        ] {
            let address = parsed(text);
            assert_eq!(address.root_certificates.as_deref(), Some("/a b/it's.crt".as_ref()), "{text}");
            assert_eq!(address.shown(), "db.example/x");
            assert_eq!(address.config.get_connect_timeout(), Some(&std::time::Duration::from_secs(3)));
        }
        let quoted = parsed(r"host=h password='secret \'\\ = ' user=a sslmode=require");
        assert_eq!(quoted.config.get_password(), Some(br"secret '\ = ".as_slice()));
    }

    #[test]
    fn a_refused_string_is_not_repeated() {
        for text in [
            "postgres://db.example/secret?sslmode=disable&options=a@b",
            "postgres://a:secret@db.example/x?nothing=1",
            "postgres://a:secret@db.example/x?sslmode=maybe",
            "host=db.example password=secret nothing",
            "host=db.example password='secret",
            "user=a password=secret",
            "secret",
        ] {
            let Err(PublishError::Address(message)) = PostgresAddress::parse(text) else { panic!("{text} was taken") };
            assert!(!message.contains("secret"), "{message}");
        }
    }

    #[test]
    fn a_key_goes_to_encrypted_addresses_or_this_machine() {
        let new = |url| RestAddress::new(url, Zeroizing::new("k".into()));
        assert_eq!(new("https://p.supabase.co/").unwrap().base, "https://p.supabase.co");
        assert!(new("http://127.0.0.1:3000").is_ok() && new("http://localhost:3000").is_ok());
        for refused in ["http://p.supabase.co", "ftp://p.supabase.co", "p.supabase.co", "https://u:p@p.supabase.co"] {
            assert!(new(refused).is_err(), "{refused}");
        }
    }
}
