//! The names under which browsers reach the server. A request for another name comes from a page whose own name was made
//! to lead here (DNS rebinding).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use axum::http::uri::{Authority, Scheme, Uri};

use crate::error::ServeError;

/// The address of a reverse proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Public {
    /// `https://photos.example.org`, in lower case.
    pub origin: String,
    /// `photos.example.org`, in lower case, with the port if it is not the scheme's.
    authority: String,
}

impl Public {
    pub fn parse(url: &str) -> Result<Self, ServeError> {
        let failed = || ServeError::PublicUrl(url.to_owned());
        let uri: Uri = url.parse().map_err(|_| failed())?;
        let scheme = uri.scheme().filter(|scheme| [Scheme::HTTP, Scheme::HTTPS].contains(scheme)).ok_or_else(failed)?;
        let authority = uri.authority().filter(|authority| !authority.as_str().contains('@')).ok_or_else(failed)?;
        if !["", "/"].contains(&uri.path()) || uri.query().is_some() {
            return Err(failed());
        }
        let usual = if *scheme == Scheme::HTTPS { ":443" } else { ":80" };
        let authority = authority.as_str().to_lowercase();
        let authority = authority.strip_suffix(usual).unwrap_or(&authority).to_owned();
        Ok(Self { origin: format!("{scheme}://{authority}"), authority })
    }

    /// Whether browsers reach the server by TLS.
    fn is_secure(&self) -> bool {
        self.origin.starts_with("https:")
    }
}

/// A host without the brackets of an IPv6 address.
pub fn bare(host: &str) -> &str {
    host.trim_matches(['[', ']'])
}

/// Where browsers reach a server that listens on `address`. One that listens on every address is reached at the one that this
/// machine uses on its network, or else only from this machine.
pub fn reachable(address: SocketAddr) -> SocketAddr {
    if !address.ip().is_unspecified() {
        return address;
    }
    // Addresses for documentation. The system chooses a route, and nothing is sent.
    let outside: [IpAddr; 2] =
        [Ipv4Addr::new(192, 0, 2, 1).into(), Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).into()];
    let own = outside.into_iter().filter(|outside| outside.is_ipv4() || address.is_ipv6()).find_map(|outside| {
        let socket = UdpSocket::bind((if outside.is_ipv4() { "0.0.0.0" } else { "::" }, 0)).ok()?;
        socket.connect((outside, 9)).ok()?;
        Some(socket.local_addr().ok()?.ip()).filter(|own| !own.is_unspecified())
    });
    let loopback = if address.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() };
    SocketAddr::new(own.unwrap_or(loopback), address.port())
}

/// The names of this server.
#[derive(Debug)]
pub struct Names {
    /// The name to listen on, in lower case.
    host: String,
    public: Option<Public>,
}

/// How a request reached the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reached {
    /// The origin of the page, if it is ours.
    pub origin: String,
    pub is_secure: bool,
}

impl Names {
    pub fn new(host: &str, public: Option<Public>) -> Self {
        Self { host: host.to_lowercase(), public }
    }

    /// How a request for `asked`, the Host header, reached the server at its own address `local`; `None` if the name is not
    /// one of ours. The port may differ, since a tunnel may begin at another one.
    pub fn reached(&self, asked: &str, local: IpAddr) -> Option<Reached> {
        let asked = asked.to_lowercase();
        if let Some(public) = self.public.as_ref().filter(|public| public.authority == asked) {
            return Some(Reached { origin: public.origin.clone(), is_secure: public.is_secure() });
        }
        let authority: Authority = asked.parse().ok().filter(|_| !asked.contains('@'))?;
        let name = bare(authority.host());
        let is_ours = match name.parse::<IpAddr>() {
            Ok(address) => address.to_canonical() == local.to_canonical(),
            Err(_) => name == self.host || (name == "localhost" && local.to_canonical().is_loopback()),
        };
        is_ours.then(|| Reached { origin: format!("http://{asked}"), is_secure: false })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_ours(names: &Names, asked: &str, local: &str) -> bool {
        names.reached(asked, local.parse().unwrap()).is_some()
    }

    #[test]
    fn only_our_own_names_are_answered() {
        let names = Names::new("127.0.0.1", None);
        for asked in ["127.0.0.1:8080", "127.0.0.1", "localhost:9000", "LOCALHOST:8080"] {
            assert!(is_ours(&names, asked, "127.0.0.1"), "{asked}");
        }
        for asked in [
            "evil.example",
            "evil.example:8080",
            "127.0.0.1.evil.example",
            "localhost.evil.example",
            "a@127.0.0.1",
            "192.168.1.2",
            "0.0.0.0:8080",
            "",
            "[::1]:8080",
            "127.0.0.1:8080:1",
            "localhost/",
        ] {
            assert!(!is_ours(&names, asked, "127.0.0.1"), "{asked}");
        }
        assert!(is_ours(&Names::new("::1", None), "[::1]:8080", "::1"));
        let everywhere = Names::new("0.0.0.0", None);
        assert!(is_ours(&everywhere, "192.168.1.2:8080", "192.168.1.2"));
        assert!(!is_ours(&everywhere, "192.168.1.3:8080", "192.168.1.2"));
        assert!(!is_ours(&everywhere, "localhost:8080", "192.168.1.2"));
        assert!(is_ours(&Names::new("nas.local", None), "nas.local:8080", "192.168.1.2"));
    }

    #[test]
    fn a_proxy_is_reached_by_its_own_origin() {
        let names = Names::new("127.0.0.1", Some(Public::parse("https://Photos.Example.org:443/").unwrap()));
        let origin = "https://photos.example.org".to_owned();
        let local = "127.0.0.1".parse().unwrap();
        assert_eq!(names.reached("photos.example.org", local), Some(Reached { origin, is_secure: true }));
        assert!(!is_ours(&names, "other.example.org", "127.0.0.1"));
        for wrong in ["photos.example.org", "ftp://photos.example.org", "https://a@b", "https://a/b", "https://a?b", ""]
        {
            assert!(Public::parse(wrong).is_err(), "{wrong}");
        }
    }
}
