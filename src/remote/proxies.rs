//! Which proxy a request goes through, by the variables that Docker and Notary obey.
//!
//! Source: Go's `net/http` (`ProxyFromEnvironment`): `HTTPS_PROXY` and `HTTP_PROXY` by the scheme of the address,
//! `NO_PROXY` for exceptions, each in capitals before small letters. `ALL_PROXY` is curl's and not read.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use reqwest::Url;
use zeroize::Zeroizing;

use super::endpoint::is_loopback;
use super::error::RemoteError;
use super::proof::BELIEVED;

/// The proxies of this process, and for which hosts there are none.
#[derive(Clone, Debug, Default)]
pub struct Proxies {
    https: Option<Proxy>,
    http: Option<Proxy>,
    exceptions: Option<Exceptions>,
}

/// One proxy and the variable that names it.
#[derive(Clone, Debug)]
pub struct Proxy {
    url: Url,
    variable: &'static str,
    /// When it let nobody in with the login that the variable gives, or without any. All clones are one.
    shut: Arc<Mutex<Option<Instant>>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Exceptions {
    rules: Vec<(String, Rule)>,
    variable: &'static str,
}

/// What an entry of `NO_PROXY` means.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Rule {
    All,
    /// Addresses whose first bits are these.
    Network(IpAddr, u8),
    Address(IpAddr, Option<u16>),
    /// The name (not with `.example.com` and `*.example.com`) and all below it.
    Name {
        suffix: String,
        itself: bool,
        port: Option<u16>,
    },
}

/// How a request reaches its host.
#[derive(Clone, Debug)]
pub enum Route<'a> {
    /// Without a proxy; why, where one is set.
    Direct(Option<String>),
    /// Through this one.
    Through(&'a Proxy),
}

const HTTPS: [&str; 2] = ["HTTPS_PROXY", "https_proxy"];
const HTTP: [&str; 2] = ["HTTP_PROXY", "http_proxy"];
const NONE: [&str; 2] = ["NO_PROXY", "no_proxy"];

impl Proxies {
    /// Reads the variables that `variable` gives.
    ///
    /// # Errors
    /// [`RemoteError::Setting`] for a value that is no address of a proxy.
    pub fn read<'a>(variable: impl Fn(&str) -> Option<&'a str>) -> Result<Self, RemoteError> {
        let first = |names: [&'static str; 2]| {
            let filled = |name| variable(name).map(str::trim).filter(|value| !value.is_empty());
            names.into_iter().find_map(|name| Some((name, filled(name)?)))
        };
        let proxy = |names| first(names).map(|(name, value)| Proxy::parse(name, value)).transpose();
        let exceptions = first(NONE).map(|(variable, value)| Exceptions {
            rules: value.split(',').filter_map(Rule::parse).collect(),
            variable,
        });
        Ok(Self { https: proxy(HTTPS)?, http: proxy(HTTP)?, exceptions })
    }

    /// The way to `url`.
    #[must_use]
    pub fn route(&self, url: &Url) -> Route<'_> {
        let proxy = match url.scheme() {
            "https" => self.https.as_ref(),
            _ => self.http.as_ref(),
        };
        let (Some(proxy), Some(host)) = (proxy, url.host_str()) else { return Route::Direct(None) };
        if is_loopback(host) {
            return Route::Direct(Some("none is used for this machine".to_owned()));
        }
        let port = url.port_or_known_default();
        let rules = self.exceptions.iter().flat_map(|list| list.rules.iter().map(|rule| (rule, list.variable)));
        match rules.into_iter().find(|((_, rule), _)| rule.fits(host, port)) {
            Some(((written, _), variable)) => Route::Direct(Some(format!("{variable} names {written}"))),
            None => Route::Through(proxy),
        }
    }
}

impl Proxy {
    fn parse(variable: &'static str, value: &str) -> Result<Self, RemoteError> {
        let expected = "http://, https:// or socks5://HOST[:PORT]";
        let wrong = || RemoteError::Setting(format!("{variable} is no address of a proxy: expected {expected}"));
        let text = if value.contains("://") { value.to_owned() } else { format!("http://{value}") };
        let mut url = Url::parse(&text).map_err(|_| wrong())?;
        if url.scheme() == "socks5" {
            // As Go does: the proxy looks the name up.
            url = Url::parse(&text.replacen("socks5", "socks5h", 1)).map_err(|_| wrong())?;
        }
        let fits =
            matches!(url.scheme(), "http" | "https" | "socks5h") && url.host_str().is_some_and(|h| !h.is_empty());
        if fits { Ok(Self { url, variable, shut: Arc::default() }) } else { Err(wrong()) }
    }

    /// The address, with its login.
    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    /// The variable that names it.
    #[must_use]
    pub fn variable(&self) -> &'static str {
        self.variable
    }

    /// The address without a login, to be shown.
    #[must_use]
    pub fn shown(&self) -> String {
        let scheme = self.url.scheme().trim_end_matches('h');
        let port = self.url.port().map(|port| format!(":{port}")).unwrap_or_default();
        format!("{scheme}://{}{port}", self.url.host_str().unwrap_or_default())
    }

    /// The login that it is given. One without a password is none.
    pub(super) fn login(&self) -> Option<(String, Zeroizing<String>)> {
        self.url.password().map(|password| (decoded(self.url.username()), Zeroizing::new(decoded(password))))
    }

    /// Fails if it lately let nobody in with this login, or without any: many lock an account after few tries.
    pub(super) fn check(&self, host: &str) -> Result<(), RemoteError> {
        let shut = *self.shut.lock().unwrap_or_else(PoisonError::into_inner);
        if shut.is_some_and(|at| at.elapsed() < BELIEVED) { Err(self.kept_out(host)) } else { Ok(()) }
    }

    /// It lets nobody in so, and is not asked so again for a while.
    pub(super) fn shut(&self, host: &str) -> RemoteError {
        *self.shut.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        self.kept_out(host)
    }

    fn kept_out(&self, host: &str) -> RemoteError {
        let why = match self.login() {
            None => "it wants a login: put USER:PASSWORD@ before its name in the variable".to_owned(),
            Some((user, _)) => format!("it refused the login (user {user}) in {}", self.variable),
        };
        self.fault(host, why)
    }

    /// What it does to requests for `host`.
    pub(super) fn fault(&self, host: &str, why: String) -> RemoteError {
        RemoteError::Proxy { host: host.to_owned(), proxy: self.shown(), variable: self.variable, why }
    }
}

impl Rule {
    fn parse(written: &str) -> Option<(String, Self)> {
        let text = written.trim().to_ascii_lowercase();
        let rule = match text.as_str() {
            "" => return None,
            "*" => Self::All,
            _ => Self::network(&text).or_else(|| Self::address(&text)).or_else(|| Self::name(&text))?,
        };
        Some((text, rule))
    }

    fn network(text: &str) -> Option<Self> {
        let (address, bits) = text.split_once('/')?;
        let (address, bits) = (address.parse::<IpAddr>().ok()?, bits.parse().ok()?);
        let most = if address.is_ipv4() { 32 } else { 128 };
        (bits <= most).then_some(Self::Network(address, bits))
    }

    fn address(text: &str) -> Option<Self> {
        let bare = |text: &str| text.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().ok();
        if let Some(address) = bare(text) {
            return Some(Self::Address(address, None));
        }
        let (host, port) = text.rsplit_once(':')?;
        Some(Self::Address(bare(host)?, Some(port.parse().ok()?)))
    }

    fn name(text: &str) -> Option<Self> {
        let (name, port) = match text.rsplit_once(':') {
            Some((name, port)) => (name, Some(port.parse().ok()?)),
            None => (text, None),
        };
        let below = name.strip_prefix('*').filter(|rest| rest.starts_with('.')).unwrap_or(name);
        let suffix = below.trim_start_matches('.').to_owned();
        let itself = !below.starts_with('.');
        (!suffix.is_empty()).then_some(Self::Name { suffix, itself, port })
    }

    fn fits(&self, host: &str, port: Option<u16>) -> bool {
        let same_port = |wanted: &Option<u16>| wanted.is_none() || *wanted == port;
        let address = || host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().ok();
        match self {
            Self::All => true,
            Self::Network(network, bits) => address().is_some_and(|address| shares(*network, address, *bits)),
            Self::Address(wanted, at) => address() == Some(*wanted) && same_port(at),
            Self::Name { suffix, itself, port: at } => {
                let host = host.trim_end_matches('.').to_ascii_lowercase();
                let below = host.strip_suffix(suffix.as_str()).is_some_and(|rest| rest.ends_with('.'));
                (below || (*itself && host == *suffix)) && same_port(at)
            }
        }
    }
}

/// A part of an address without its escapes.
fn decoded(part: &str) -> String {
    let mut pieces = part.split('%');
    let mut bytes = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        let escaped = piece.split_at_checked(2).and_then(|(hex, rest)| Some((u8::from_str_radix(hex, 16).ok()?, rest)));
        let (byte, rest) = escaped.unwrap_or((b'%', piece));
        bytes.push(byte);
        bytes.extend(rest.bytes());
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Whether two addresses are of one kind and begin with the same bits.
fn shares(network: IpAddr, address: IpAddr, bits: u8) -> bool {
    let first = |number: u128, width: u32| number.checked_shr(width - u32::from(bits)).unwrap_or(0);
    match (network, address) {
        (IpAddr::V4(a), IpAddr::V4(b)) => first(a.to_bits().into(), 32) == first(b.to_bits().into(), 32),
        (IpAddr::V6(a), IpAddr::V6(b)) => first(a.to_bits(), 128) == first(b.to_bits(), 128),
        _ => false,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use super::*;

    fn route(variables: &[(&str, &str)], url: &str) -> Option<String> {
        let find = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
        match Proxies::read(find).unwrap().route(&Url::parse(url).unwrap()) {
            Route::Direct(_) => None,
            Route::Through(proxy) => Some(format!("{} {}", proxy.variable(), proxy.shown())),
        }
    }

    #[test]
    fn exceptions_are_read_as_docker_documents_them() {
        let table = [
            ("*.corp.example", "https://notary.corp.example:4443", true),
            ("*.corp.example", "https://corp.example", false),
            (".corp.example", "https://a.b.corp.example", true),
            (".corp.example", "https://corp.example", false),
            ("corp.example", "https://corp.example", true),
            ("corp.example", "https://notary.corp.example", true),
            ("corp.example", "https://notcorp.example", false),
            ("notary.corp.example:4443", "https://notary.corp.example:4443", true),
            ("notary.corp.example:4443", "https://notary.corp.example", false),
            ("notary.corp.example:443", "https://notary.corp.example", true),
            ("10.0.0.0/8", "https://10.20.30.40", true),
            ("10.0.0.0/8", "https://11.0.0.1", false),
            ("0.0.0.0/0", "https://11.0.0.1", true),
            ("fd00::/8", "https://[fd12::1]", true),
            ("fd00::/8", "https://[fe12::1]", false),
            ("192.0.2.7", "https://192.0.2.7:8443", true),
            ("192.0.2.7:443", "https://192.0.2.7:8443", false),
            ("[fd12::1]:8443", "https://[fd12::1]:8443", true),
            ("other, CORP.example ,x", "https://Notary.Corp.Example", true),
            ("*", "https://notary.corp.example", true),
            ("", "https://notary.corp.example", false),
            (",:,/8,10.0.0.0/99", "https://notary.corp.example", false),
        ];
        for (exceptions, url, direct) in table {
            let got = route(&[("HTTPS_PROXY", "http://p.example:3128"), ("NO_PROXY", exceptions)], url);
            assert_eq!(got.is_none(), direct, "NO_PROXY={exceptions} {url}: {got:?}");
        }
    }

    #[test]
    fn the_scheme_of_the_address_chooses_the_variable() {
        let both = [("https_proxy", "user:secret@p.example:3128"), ("HTTP_PROXY", "socks5://s.example")];
        assert_eq!(route(&both, "https://a.example").unwrap(), "https_proxy http://p.example:3128");
        assert_eq!(route(&both, "http://a.example").unwrap(), "HTTP_PROXY socks5://s.example");
        assert_eq!(route(&[("ALL_PROXY", "socks4://p.example")], "https://a.example"), None);
        for here in ["https://localhost:1", "https://127.0.0.9", "https://[::1]"] {
            assert_eq!(route(&[("HTTPS_PROXY", "p.example")], here), None, "{here}");
        }
        let capitals = [("HTTPS_PROXY", "one.example"), ("https_proxy", "two.example")];
        assert_eq!(route(&capitals, "https://a.example").unwrap(), "HTTPS_PROXY http://one.example");
    }

    #[test]
    fn what_is_no_proxy_is_named_by_its_variable_and_not_repeated() {
        for value in ["ftp://user:secret@p.example", "http://", "socks4://secret.example", "http://[secret"] {
            let error = Proxies::read(|name| (name == "HTTPS_PROXY").then_some(value)).unwrap_err();
            let RemoteError::Setting(text) = &error else { panic!("{error:?}") };
            assert!(text.contains("HTTPS_PROXY") && !text.contains("secret"), "{text}");
        }
    }
}
