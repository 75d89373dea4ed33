//! Requests by path and method, as notary-server routes them.
//!
//! Repository names hold slashes, so the path is cut at its last `/_trust/`, as Notary's greedy patterns do.
//! Source: docs/notary-v1.md section 13.

use axum::http::Method;

use crate::tuf::Role;

/// What a request is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// `GET /v2/`: is a login needed?
    Ping,
    /// A role's latest file.
    Current(String, Role),
    /// A role's file with this hash, lower or upper case.
    ByHash(String, Role, String),
    /// A version of a role's file.
    Version(String, Role, u64),
    /// A multi-file upload.
    Publish(String),
    /// Removal of all trust data.
    Delete(String),
    /// The server-held key of `snapshot` or `timestamp`.
    Key(String, Role),
    /// A new server-held key.
    RotateKey(String, Role),
    /// The changes of one repository, or of all.
    Feed(Option<String>),
    /// Health, for whoever watches the server.
    Health,
    /// Counters, for Prometheus.
    Metrics,
    /// The sandbox's own token service.
    Token,
    /// A file that has the form of metadata but a name that no role can have.
    Absent(String),
    /// Another path or method.
    Unknown,
}

impl Route {
    /// Finds the route of a decoded, clean path.
    pub(super) fn find(method: &Method, path: &str) -> Self {
        let get = method == Method::GET;
        match path {
            "/v2/" if get => return Self::Ping,
            "/_notary_server/health" if get => return Self::Health,
            "/metrics" if get => return Self::Metrics,
            "/v2/_trust/changefeed" if get => return Self::Feed(None),
            "/token" if get || method == Method::POST => return Self::Token,
            _ => {}
        }
        Self::of_repository(method, path).unwrap_or(Self::Unknown)
    }

    fn of_repository(method: &Method, path: &str) -> Option<Self> {
        let (gun, resource) = path.strip_prefix("/v2/")?.rsplit_once("/_trust/")?;
        if gun.is_empty() || gun.contains('*') {
            return None;
        }
        let gun = gun.to_owned();
        if resource == "changefeed" {
            return (method == Method::GET).then_some(Self::Feed(Some(gun)));
        }
        let file = resource.strip_prefix("tuf/")?;
        match (method.as_str(), file) {
            ("POST", "") => Some(Self::Publish(gun)),
            ("DELETE", "") => Some(Self::Delete(gun)),
            ("GET", _) if file.ends_with(".json") => metadata(gun, file.strip_suffix(".json")?),
            ("GET", _) => Some(Self::Key(gun, server_held(file)?)),
            ("POST", _) => Some(Self::RotateKey(gun, server_held(file)?)),
            _ => None,
        }
    }
}

/// `<role>.<hash>`, `<version>.<role>` or `<role>`.
fn metadata(gun: String, name: &str) -> Option<Route> {
    if let Some((role, hash)) = name.rsplit_once('.')
        && matches!(hash.len(), 64 | 96 | 128)
        && hash.bytes().all(|b| b.is_ascii_hexdigit())
    {
        return served(role, gun, |gun, role| Route::ByHash(gun, role, hash.to_owned()));
    }
    if let Some((version, role)) = name.split_once('.')
        && !version.is_empty()
        && version.bytes().all(|b| b.is_ascii_digit())
    {
        // A number too large for any stored version is one that does not exist.
        return served(role, gun, |gun, role| Route::Version(gun, role, version.parse().unwrap_or(0)));
    }
    served(name, gun, Route::Current)
}

/// Notary's pattern takes more names below `targets/` than a role can have.
fn served(role: &str, gun: String, route: impl FnOnce(String, Role) -> Route) -> Option<Route> {
    let shaped = |below: &str| below.split('/').all(|s| !s.is_empty() && !s.contains(char::is_whitespace));
    match Role::parse(role) {
        Ok(role) => Some(route(gun, role)),
        Err(_) => role.strip_prefix("targets/").is_some_and(shaped).then_some(Route::Absent(gun)),
    }
}

fn server_held(file: &str) -> Option<Role> {
    match Role::parse(file.strip_suffix(".key")?) {
        Ok(role @ (Role::Snapshot | Role::Timestamp)) => Some(role),
        _ => None,
    }
}

/// The path without empty, `.` and `..` segments, if it has any: the server redirects there.
pub(super) fn cleaned(path: &str) -> Option<String> {
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            other => segments.push(other),
        }
    }
    let mut clean = format!("/{}", segments.join("/"));
    if path.ends_with('/') && clean.len() > 1 {
        clean.push('/');
    }
    (clean != path).then_some(clean)
}

/// Decodes `%XX`; `None` if that is no UTF-8.
pub(super) fn decoded(path: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let escape = (*first == b'%').then(|| tail.get(..2).and_then(|two| hex::decode(two).ok())).flatten();
        match escape {
            Some(byte) => {
                bytes.extend(byte);
                rest = tail.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).ok()
}
