//! What settings that were typed or written are taken as.

use std::path::{Path, PathBuf};

use crate::engine::EngineError;

/// A path that stays right if the working directory changes.
pub(super) fn absolute(path: &Path) -> PathBuf {
    // Fails for an empty path only, which stays as it is and is refused where it is used.
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// Text without the logins in its addresses: what is wrong with a setting is told by what it says.
pub(super) fn without_logins(text: &str) -> String {
    let mut parts = text.split("://");
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| matches!(c, '"' | '\'' | '`') || c.is_whitespace()).unwrap_or(part.len());
        let (address, rest) = part.split_at(end);
        shown.push_str("://");
        shown.push_str(address.rsplit_once('@').map_or(address, |(_, host)| host));
        shown.push_str(rest);
    }
    shown
}

/// A token realm is a host, and its port where that is not the one of https.
///
/// # Errors
/// Says how one is written.
pub fn realm_host(text: &str) -> Result<String, String> {
    let text = text.trim();
    let address = text.starts_with('[').then(|| text.split_once(']')).flatten();
    let (host, port) = match address {
        Some((_, "")) => (text, None),
        Some((host, rest)) => (host, Some(rest.strip_prefix(':').unwrap_or(""))),
        None => text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port))),
    };
    let is_port = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
    let is_of_host = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
    if host.is_empty() || !host.bytes().all(is_of_host) || !is_port {
        return Err("give HOST or HOST:PORT, without scheme and path".to_owned());
    }
    Ok(text.to_owned())
}

/// What is wrong with a setting, and what to do about it.
pub(super) fn input(message: &str, hint: &str) -> EngineError {
    EngineError::Input { message: message.to_owned(), hint: hint.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::without_logins;

    #[test]
    fn what_is_wrong_is_told_without_logins() {
        for (text, told) in [
            ("http://u:p/w@x is a table, expected https://y, such", "http://x is a table, expected https://y, such"),
            ("unknown field `https://u:a@b@x:1/v2`, expected", "unknown field `https://x:1/v2`, expected"),
            ("a@b is \"no address\"", "a@b is \"no address\""),
        ] {
            assert_eq!(without_logins(text), told);
        }
    }
}
