//! Addresses of databases. A password or key is never part of what is shown.

use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};
use zeroize::Zeroizing;

use crate::{PublishError, Result};

/// A PostgreSQL server and database, from a connection string.
pub struct PostgresAddress {
    pub(crate) config: Config,
    /// Certificates of the authority that signed the server's, in PEM. Otherwise those of the operating system.
    pub(crate) root_certificates: Option<PathBuf>,
    pub(crate) is_local: bool,
    shown: String,
}

impl PostgresAddress {
    /// Reads `postgres://user:password@host/database?sslrootcert=FILE` or `host=... user=...`. A connection to another
    /// machine is encrypted and its certificate is checked, unless the string says `sslmode=disable`.
    ///
    /// # Errors
    ///
    /// If it is not a connection string. The message does not repeat it, because of its password.
    pub fn parse(text: &str) -> Result<Self> {
        let (text, root_certificates) = without_root_certificates(text);
        let mut config = Config::from_str(&text).map_err(|error| {
            PublishError::Address(format!(
                "this is not a connection string ({}). It looks like postgres://user:password@host:5432/database",
                crate::explained(&error)
            ))
        })?;
        let is_local = config.get_hosts().iter().all(is_on_this_machine);
        if !is_local && config.get_ssl_mode() != SslMode::Disable {
            config.ssl_mode(SslMode::Require);
        }
        config.application_name("Fieldmark");
        let hosts: Vec<String> = config.get_hosts().iter().map(host_name).collect();
        let shown = match config.get_dbname() {
            Some(database) => format!("{}/{database}", hosts.join(",")),
            None => hosts.join(","),
        };
        if hosts.is_empty() {
            return Err(PublishError::Address("the connection string names no host".into()));
        }
        Ok(Self { config, root_certificates, is_local, shown })
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

/// `sslrootcert`, which libpq knows and the client does not.
fn without_root_certificates(text: &str) -> (String, Option<PathBuf>) {
    let Some((base, query)) = text.split_once('?') else { return (text.to_owned(), None) };
    let (own, others): (Vec<&str>, Vec<&str>) = query.split('&').partition(|pair| pair.starts_with("sslrootcert="));
    let file = own.first().map(|pair| PathBuf::from(&pair["sslrootcert=".len()..]));
    // `verify-full` is what `require` does here.
    let others: Vec<&str> = others
        .into_iter()
        .map(|pair| match pair {
            "sslmode=verify-full" | "sslmode=verify-ca" => "sslmode=require",
            other => other,
        })
        .collect();
    (if others.is_empty() { base.to_owned() } else { format!("{base}?{}", others.join("&")) }, file)
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

    #[test]
    fn other_machines_are_reached_encrypted() {
        let mode = |text: &str| PostgresAddress::parse(text).unwrap().config.get_ssl_mode();
        assert_eq!(mode("postgres://a:b@db.example/x"), SslMode::Require);
        assert_eq!(mode("postgres://a:b@db.example/x?sslmode=prefer"), SslMode::Require);
        assert_eq!(mode("postgres://a:b@db.example/x?sslmode=verify-full&sslrootcert=/a/ca.crt"), SslMode::Require);
        assert_eq!(mode("postgres://a:b@db.example/x?sslmode=disable"), SslMode::Disable);
        assert_eq!(mode("postgres://a:b@127.0.0.1/x"), SslMode::Prefer);
        let address = PostgresAddress::parse("postgres://a:secret@db.example/x?sslrootcert=/a/ca.crt").unwrap();
        assert_eq!(address.root_certificates.as_deref(), Some("/a/ca.crt".as_ref()));
        assert_eq!(address.shown(), "db.example/x");
        let Err(PublishError::Address(message)) = PostgresAddress::parse("postgres://a:secret@db.example/x?nothing=1")
        else {
            panic!("refused");
        };
        assert!(!message.contains("secret"), "{message}");
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
