//! `WWW-Authenticate`: what a server wants when it answers 401.

use reqwest::header::{HeaderMap, WWW_AUTHENTICATE};

/// A challenge that can be met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Challenge {
    /// A token from `realm`.
    Bearer { realm: String, service: String },
    /// A password with every request.
    Basic,
}

/// Why a token was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenRefusal {
    /// It is good, but not for this.
    InsufficientScope,
    /// Anything else.
    Other,
}

impl Challenge {
    /// The challenge to meet: Bearer before Basic, as Docker does.
    pub(super) fn read(headers: &HeaderMap) -> Option<Self> {
        let all = challenges(headers);
        let bearer = all.iter().find_map(|(scheme, parameters)| {
            let realm = (scheme == "bearer").then(|| value(parameters, "realm")).flatten()?;
            Some(Self::Bearer { realm, service: value(parameters, "service").unwrap_or_default() })
        });
        bearer.or_else(|| all.iter().any(|(scheme, _)| scheme == "basic").then_some(Self::Basic))
    }
}

impl TokenRefusal {
    pub(super) fn read(headers: &HeaderMap) -> Self {
        let scope = |(_, parameters): &(String, Parameters)| {
            value(parameters, "error").is_some_and(|error| error == "insufficient_scope")
        };
        if challenges(headers).iter().any(scope) { Self::InsufficientScope } else { Self::Other }
    }
}

type Parameters = Vec<(String, String)>;

fn value(parameters: &Parameters, name: &str) -> Option<String> {
    parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
}

fn challenges(headers: &HeaderMap) -> Vec<(String, Parameters)> {
    let lines = headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(parse).collect()
}

/// Reads one header line, which may hold several challenges. Source: RFC 9110, 11.6.1.
fn parse(line: &str) -> Vec<(String, Parameters)> {
    let mut found: Vec<(String, Parameters)> = Vec::new();
    let mut rest = line.trim_start_matches([' ', ',']);
    while !rest.is_empty() {
        let end = rest.find([' ', ',', '=']).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        let after_blanks = after.trim_start();
        if let Some(text) = after_blanks.strip_prefix('=') {
            let (value, after) = parse_value(text.trim_start());
            if let Some((_, parameters)) = found.last_mut() {
                parameters.push((word.to_ascii_lowercase(), value));
            }
            rest = after;
        } else {
            if !word.is_empty() {
                found.push((word.to_ascii_lowercase(), Vec::new()));
            }
            rest = after_blanks;
        }
        rest = rest.trim_start_matches([' ', ',']);
    }
    found
}

/// Reads a token or quoted string; gives what follows it.
fn parse_value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([' ', ',']).unwrap_or(text.len());
        let (value, rest) = text.split_at(end);
        return (value.to_owned(), rest);
    };
    let mut value = String::new();
    let mut letters = quoted.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return (value, quoted.get(at + 1..).unwrap_or_default()),
            '\\' => value.extend(letters.next().map(|(_, escaped)| escaped)),
            other => value.push(other),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&'static str]) -> Option<Challenge> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(WWW_AUTHENTICATE, reqwest::header::HeaderValue::from_static(line));
        }
        Challenge::read(&headers)
    }

    #[test]
    fn challenges_are_read_as_servers_write_them() {
        let bearer = |realm: &str, service: &str| {
            Some(Challenge::Bearer { realm: realm.to_owned(), service: service.to_owned() })
        };
        let notary = r#"Bearer realm="https://a.test/token",service="notary",scope="repository:a/b:push,pull""#;
        assert_eq!(read(&[notary]), bearer("https://a.test/token", "notary"));
        assert_eq!(read(&[r#"Basic realm="x", Bearer realm="https://r""#]), bearer("https://r", ""));
        assert_eq!(read(&["Basic realm=x", r#"bEARER service=s , realm = "q\"uo" "#]), bearer("q\"uo", "s"));
        assert_eq!(read(&["basic"]), Some(Challenge::Basic));
        assert_eq!(read(&[r#"Bearer service="no realm""#]), None);
        for odd in ["", ",,", "=", "Bearer =", "Bearer realm=\"", "Negotiate abc=="] {
            assert!(!matches!(read(&[odd]), Some(Challenge::Basic)), "{odd}");
        }
    }
}
